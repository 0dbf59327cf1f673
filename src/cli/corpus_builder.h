// SPDX-License-Identifier: MIT
// Turns the lines of log files into the corpus that training reads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/left_out_runs.h"
#include "cli/log_files.h"
#include "core/detection/rules.h"
#include "core/detection/stream_key.h"
#include "core/parser.h"
#include "core/result.h"
#include "models/corpus/corpus.h"

namespace alogd {

// Parses every line as the daemon would, keeps at most `max_records` records, evenly spread, and
// leaves out files that do not look normal. Records that an ignore rule matches take no part.
class CorpusBuilder {
 public:
  struct Options {
    uint64_t max_records = 500'000;
    bool filter = true;
    LeftOutRuns leave_out = {};
  };

  static Result<CorpusBuilder> Create(const Config& config, const GroupConfig& group,
                                      const Options& options);

  // Begins a file of the source; its lines come next, in order.
  void BeginFile(const std::string& path, const std::string& source, Time reference);
  void Add(const Line& line);

  // The corpus, in order of time. `remarks` get what was left out and why. Ends the builder.
  Corpus Finish(std::vector<std::string>* remarks);

  uint64_t records() const { return records_; }
  uint64_t bytes() const { return bytes_; }
  // Records that leave_out covers; after Finish.
  uint64_t left_out() const { return left_out_; }
  size_t templates() const { return parser_.catalog().size(); }

 private:
  // Consecutive records that are kept or left out together when there are too many: long enough
  // that most windows lie within one, short enough to spread over the whole input.
  static constexpr uint64_t kBlock = 2000;
  // A file is unusual when so large a share of its records is of error severity, and so many times
  // the median of all files' shares.
  static constexpr double kErrorShare = 0.2;
  static constexpr double kErrorFactor = 5;
  static constexpr size_t kGoldenLines = 64;
  static constexpr size_t kGoldenBytes = 1024;

  struct Raw {
    Time time;
    TemplateId id;
    uint32_t stream;
    uint32_t file;
    uint32_t block;
    uint8_t severity;
    uint16_t piece;    // of its stream, which is cut where records are left out
    uint32_t numbers;  // place in numbers_, from 1; 0: none
  };
  struct File {
    std::string path;
    uint64_t records = 0, errors = 0;
  };

  CorpusBuilder(Parser parser, RuleSet rules, StreamKeys keys, const Options& options,
                bool numbers);
  void Keep(const ParsedLine& line, std::string_view raw_line);
  // Its place in numbers_, from 1; 0 where it has none.
  uint32_t KeepNumbers(std::string_view message);
  void DropUnusedNumbers();
  void Thin();
  // Takes out what training must not learn, with the golden lines of these records.
  void LeaveOut();
  void ThinTo(uint64_t records);
  std::vector<bool> UnusualFiles(std::vector<std::string>* remarks) const;

  Parser parser_;
  RuleSet rules_;
  StreamKeys keys_;
  Options options_;
  SourceId source_{};
  std::string source_name_;
  std::vector<File> files_;
  std::map<std::string, uint32_t, std::less<>> stream_ids_;
  std::vector<std::string> streams_;
  std::vector<Raw> kept_;
  bool numbers_wanted_;
  std::vector<float> numbers_;  // as in Corpus
  uint64_t records_ = 0;
  uint64_t left_out_ = 0;
  uint64_t keyless_ = 0;  // records in no session
  std::string example_;   // the first of them
  uint64_t bytes_ = 0;
  uint32_t keep_every_ = 1;  // block in so many
  struct Golden {
    std::string line;
    Time time;
    uint32_t stream;
  };
  std::vector<Golden> golden_;
  uint64_t golden_every_ = 1;
  std::string key_;
};

// Adds all lines, one source after the other; `remarks` get what could not be read. False where
// `go_on`, asked every so many records with their number, said so.
bool AddSources(const LogFiles& files, uint32_t max_line, CorpusBuilder* builder,
                std::vector<std::string>* remarks, const std::function<bool(uint64_t)>& go_on);

}  // namespace alogd
