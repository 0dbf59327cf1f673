// SPDX-License-Identifier: MIT
// Collects records for training, thins them out, and leaves unusual files out.
#include "cli/corpus_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>

#include "cli/log_reader.h"
#include "core/records/numbers.h"
#include "models/registry/detectors.h"

namespace alogd {

CorpusBuilder::CorpusBuilder(Parser parser, RuleSet rules, StreamKeys keys, const Options& options,
                             bool numbers)
    : parser_(std::move(parser)),
      rules_(std::move(rules)),
      keys_(std::move(keys)),
      options_(options),
      numbers_wanted_(numbers) {}

Result<CorpusBuilder> CorpusBuilder::Create(const Config& config, const GroupConfig& group,
                                            const Options& options) {
  auto parser = Parser::Create(group, config.severity);
  if (!parser) return parser.error();
  auto rules = RuleSet::Create(config.rules);
  if (!rules) return rules.error();
  auto keys = StreamKeys::Create(group.stream);
  if (!keys) return keys.error();
  return CorpusBuilder(std::move(*parser), std::move(*rules), std::move(*keys), options,
                       WantsNumbers(group));
}

void CorpusBuilder::BeginFile(const std::string& path, const std::string& source, Time reference) {
  if (!files_.empty()) parser_.CloseFile(FileId{static_cast<int64_t>(files_.size())});
  files_.push_back({path});
  source_ = parser_.AddSource(source, reference);
  source_name_ = source;
  parser_.ResetClock();
}

void CorpusBuilder::Add(const Line& line) {
  bytes_ += line.bytes;
  const ParsedLine parsed = parser_.Add(source_, FileId{static_cast<int64_t>(files_.size())}, line);
  if (parsed.kind != Assembled::Kind::kRecord) return;
  if (RuleSet::Ignored(rules_.Match({parsed.text, &parsed.header}))) return;
  if (!keys_.Find(source_name_, parsed.header, parsed.text, &key_)) {
    if (keyless_++ == 0) example_ = parsed.text.substr(0, kGoldenBytes);
    return;
  }
  Keep(parsed, line.text);
}

void CorpusBuilder::Keep(const ParsedLine& line, std::string_view raw_line) {
  const uint64_t number = records_++;
  File& file = files_.back();
  ++file.records;
  file.errors += line.severity >= 80;
  auto stream = stream_ids_.find(key_);
  if (stream == stream_ids_.end()) {
    stream = stream_ids_.emplace(key_, static_cast<uint32_t>(streams_.size())).first;
    streams_.push_back(key_);
  }
  if (number % golden_every_ == 0 && raw_line.size() <= kGoldenBytes) {
    golden_.push_back({std::string(raw_line), line.time, stream->second});
    if (golden_.size() > 2 * kGoldenLines) {
      for (size_t i = 0; 2 * i < golden_.size(); ++i) golden_[i] = std::move(golden_[2 * i]);
      golden_.resize((golden_.size() + 1) / 2);
      golden_every_ *= 2;
    }
  }
  const auto block = static_cast<uint32_t>(number / kBlock);
  if (block % keep_every_ != 0) return;
  kept_.push_back({line.time, line.id, stream->second, static_cast<uint32_t>(files_.size() - 1),
                   block, line.severity, 0, KeepNumbers(line.header.message)});
  if (kept_.size() > 2 * options_.max_records) Thin();
}

uint32_t CorpusBuilder::KeepNumbers(std::string_view message) {
  if (!numbers_wanted_) return 0;
  const Numbers found = FindNumbers(message);
  if (found.count == 0 || numbers_.size() >= UINT32_MAX - 2 * kMaxNumbers) return 0;
  return static_cast<uint32_t>(
      AppendNumbers(std::span(found.values).first(found.count), &numbers_));
}

// Those of records that are left out; kept ones stand in the order of their records.
void CorpusBuilder::DropUnusedNumbers() {
  size_t to = 0;
  for (Raw& raw : kept_) {
    if (raw.numbers == 0) continue;
    const size_t from = raw.numbers - 1u;
    const size_t size = 1 + NumbersAt(numbers_, raw.numbers).size();
    std::copy_n(numbers_.begin() + static_cast<ptrdiff_t>(from), size,
                numbers_.begin() + static_cast<ptrdiff_t>(to));
    raw.numbers = static_cast<uint32_t>(to + 1);
    to += size;
  }
  numbers_.resize(to);
}

// Every other block goes, so that memory stays bounded however long the input is.
void CorpusBuilder::Thin() {
  keep_every_ *= 2;
  std::erase_if(kept_, [this](const Raw& raw) { return raw.block % keep_every_ != 0; });
  DropUnusedNumbers();
}

// Leaves blocks out, evenly spread, until at most `records` are left.
void CorpusBuilder::ThinTo(uint64_t records) {
  if (kept_.size() <= records) return;
  const double share = static_cast<double>(records) / static_cast<double>(kept_.size());
  uint32_t block = UINT32_MAX;
  double due = 0;
  bool keep = true;
  std::erase_if(kept_, [&](const Raw& raw) {
    if (raw.block != block) {
      block = raw.block;
      due += share;
      keep = due >= 1;
      if (keep) due -= 1;
    }
    return !keep;
  });
}

void CorpusBuilder::LeaveOut() {
  if (options_.leave_out.empty()) return;
  std::vector<std::vector<uint32_t>> by_stream(streams_.size());
  for (uint32_t i = 0; i < kept_.size(); ++i) by_stream[kept_[i].stream].push_back(i);
  std::vector<bool> gone(kept_.size(), false);
  std::set<std::pair<uint32_t, Time>> gone_at;
  for (uint32_t stream = 0; stream < by_stream.size(); ++stream) {
    std::vector<uint32_t>& records = by_stream[stream];
    std::ranges::stable_sort(records, {}, [this](uint32_t i) { return kept_[i].time; });
    std::vector<Time> times;
    for (const uint32_t i : records) times.push_back(kept_[i].time);
    std::vector<bool> out(times.size(), false);
    options_.leave_out.Mark(streams_[stream], times, &out);
    uint16_t piece = 0;
    for (size_t i = 0; i < records.size(); ++i) {
      // The records before and after did not follow each other.
      piece = static_cast<uint16_t>(piece + (i > 0 && out[i - 1] && !out[i]));
      kept_[records[i]].piece = piece;
      gone[records[i]] = out[i];
      if (out[i]) gone_at.emplace(stream, times[i]);
    }
  }
  left_out_ = static_cast<uint64_t>(std::ranges::count(gone, true));
  size_t at = 0;
  std::erase_if(kept_, [&](const Raw&) { return gone[at++]; });
  std::erase_if(golden_,
                [&](const Golden& g) { return gone_at.contains(std::pair(g.stream, g.time)); });
}

std::vector<bool> CorpusBuilder::UnusualFiles(std::vector<std::string>* remarks) const {
  std::vector<bool> unusual(files_.size(), false);
  std::vector<double> shares;
  for (const File& f : files_)
    if (f.records > 0)
      shares.push_back(static_cast<double>(f.errors) / static_cast<double>(f.records));
  // With fewer files there is no usual share to differ from.
  if (!options_.filter || shares.size() < 4) return unusual;
  std::nth_element(shares.begin(), shares.begin() + static_cast<ptrdiff_t>(shares.size() / 2),
                   shares.end());
  const double median = shares[shares.size() / 2];
  for (size_t i = 0; i < files_.size(); ++i) {
    const double share = static_cast<double>(files_[i].errors) /
                         static_cast<double>(std::max<uint64_t>(files_[i].records, 1));
    unusual[i] = share >= kErrorShare && share >= kErrorFactor * median;
    if (unusual[i])
      remarks->push_back(
          fmt::format("{} does not look normal ({:.0f}% of its records are errors, {:.1f}% in the "
                      "median file); left "
                      "out (--no-filter keeps it)",
                      files_[i].path, 100 * share, 100 * median));
  }
  return unusual;
}

Corpus CorpusBuilder::Finish(std::vector<std::string>* remarks) {
  if (records_ == 0 && keyless_ > 0)
    remarks->push_back(
        fmt::format("none of {} records holds a session key: stream.session '{}' matches neither "
                    "their headers nor their messages; the first of them reads: {}",
                    keyless_, keys_.pattern(), example_));
  const std::vector<bool> unusual = UnusualFiles(remarks);
  std::erase_if(kept_, [&](const Raw& raw) { return unusual[raw.file]; });
  LeaveOut();
  ThinTo(options_.max_records);
  DropUnusedNumbers();
  std::stable_sort(kept_.begin(), kept_.end(),
                   [](const Raw& a, const Raw& b) { return a.time < b.time; });
  Corpus corpus;
  corpus.records_seen = records_;
  corpus.bytes = bytes_;
  corpus.formats = parser_.FoundFormats();
  for (size_t i = 0; i < files_.size(); ++i)
    if (!unusual[i]) corpus.files.push_back(files_[i].path);
  const bool thinned = kept_.size() + left_out_ < records_;
  if (kept_.size() + left_out_ + kBlock < records_ && records_ > options_.max_records)
    remarks->push_back(fmt::format("{} of {} records taken, evenly spread (--max-records {})",
                                   kept_.size(), records_, options_.max_records));
  std::unordered_map<uint32_t, uint32_t> words;
  std::map<std::tuple<uint32_t, uint32_t, uint16_t>, uint32_t> streams;
  for (const Raw& raw : kept_) {
    const TemplateId id = parser_.catalog().Resolve(raw.id);
    const auto [word, new_word] =
        words.emplace(Index(id), static_cast<uint32_t>(corpus.templates.size()));
    if (new_word) corpus.templates.emplace_back(parser_.catalog().Text(id));
    // Blocks that were not neighbours must not meet in a window: each is a stream of its own then.
    const uint32_t block = thinned ? raw.block : 0;
    const auto [stream, new_stream] = streams.emplace(std::tuple(raw.stream, block, raw.piece),
                                                      static_cast<uint32_t>(corpus.streams.size()));
    if (new_stream)
      corpus.streams.push_back(
          block == 0 && raw.piece == 0
              ? streams_[raw.stream]
              : PartOfStream(streams_[raw.stream], fmt::format("{}.{}", block, raw.piece)));
    corpus.records.push_back({raw.time, word->second, stream->second, raw.severity, raw.numbers});
  }
  corpus.numbers = std::move(numbers_);
  const size_t step = std::max<size_t>(1, (golden_.size() + kGoldenLines - 1) / kGoldenLines);
  for (size_t i = 0; i < golden_.size(); i += step)
    corpus.golden_lines.push_back(std::move(golden_[i].line));
  return corpus;
}

bool AddSources(const LogFiles& files, uint32_t max_line, CorpusBuilder* builder,
                std::vector<std::string>* remarks, const std::function<bool(uint64_t)>& go_on) {
  for (const LogSource& source : files.sources) {
    LogReader reader(source, max_line);
    size_t file = SIZE_MAX;
    while (auto line = reader.Next()) {
      if (file != reader.file()) {
        file = reader.file();
        builder->BeginFile(reader.source_name(), reader.source_name(), reader.reference());
      }
      builder->Add(*line);
      if (builder->records() % 4096 == 0 && !go_on(builder->records())) return false;
    }
    remarks->insert(remarks->end(), reader.remarks().begin(), reader.remarks().end());
  }
  return true;
}

}  // namespace alogd
