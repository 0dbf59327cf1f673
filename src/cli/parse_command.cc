// SPDX-License-Identifier: MIT
// alogctl parse: a row a record, with header fields, template and parameters.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "cli/cli.h"
#include "cli/log_files.h"
#include "cli/log_reader.h"
#include "cli/output.h"
#include "cli/scan_report.h"
#include "core/parser.h"
#include "core/text.h"
#include "models/bundle/bundle.h"

namespace alogd {
namespace {

struct ParseArguments {
  std::vector<std::string> logs;
  std::string group, bundle, state, format;
  size_t preview = 0;
  bool as_given = false;
  LogFilesOptions files{.max_depth = 8, .max_files = 0};
};

// One record, its views made strings: it waits in a spool until all merges are known.
struct Row {
  std::string source, level, host, program, pid, message, masked;
  uint64_t line = 0, offset = 0;
  Time time = kNoTime;
  TemplateId id = kNoTemplate;

  void Save(StateWriter& out) const {
    for (const std::string* s : {&source, &level, &host, &program, &pid, &message, &masked})
      out.Bytes(*s);
    out.U64(line);
    out.U64(offset);
    out.At(time);
    out.U64(Index(id));
  }
  bool Load(StateReader& in) {
    for (std::string* s : {&source, &level, &host, &program, &pid, &message, &masked})
      *s = in.Bytes();
    line = in.U64();
    offset = in.U64();
    time = in.At();
    id = TemplateId{in.U32()};
    return in.ok();
  }
};

std::string_view LevelName(Level level) {
  constexpr std::string_view kNames[] = {"",        "TRACE", "DEBUG",    "INFO",  "NOTICE",
                                         "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"};
  return kNames[static_cast<size_t>(level)];
}

// Rows in an unnamed temporary file: an input of any size, in constant memory.
class Spool {
 public:
  Spool() : file_(std::tmpfile(), std::fclose) {}
  bool ok() const { return file_ != nullptr; }
  void Put(const Row& row) {
    std::string blob;
    StateWriter out(&blob);
    row.Save(out);
    const uint64_t size = blob.size();
    std::fwrite(&size, sizeof size, 1, file_.get());
    std::fwrite(blob.data(), 1, blob.size(), file_.get());
  }
  void Rewind() { std::rewind(file_.get()); }
  bool Get(Row* row) {
    uint64_t size = 0;
    if (std::fread(&size, sizeof size, 1, file_.get()) != 1) return false;
    std::string blob(size, '\0');
    if (std::fread(blob.data(), 1, size, file_.get()) != size) return false;
    StateReader in(blob);
    return row->Load(in);
  }

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

class RowPrinter {
 public:
  RowPrinter(const std::string& format, Parser* parser) : format_(format), parser_(parser) {
    if (format_ == "csv")
      fmt::print(
          "source,line,offset,time,level,host,program,pid,template_id,template,params,message,"
          "masked\n");
  }

  void Print(const Row& row, TemplateId id) {
    const std::string text(parser_->catalog().Text(id));
    parameters_.clear();
    parser_->drain().Parameters(row.message, text, &parameters_);
    const std::string time = row.time == kNoTime ? "" : UtcTime(row.time);
    if (format_ == "json") {
      nlohmann::json params = nlohmann::json::array();
      for (const std::string_view p : parameters_) params.push_back(ToValidUtf8(p));
      const nlohmann::json out = {{"source", ToValidUtf8(row.source)},
                                  {"line", row.line},
                                  {"offset", row.offset},
                                  {"time", time},
                                  {"level", row.level},
                                  {"host", ToValidUtf8(row.host)},
                                  {"program", ToValidUtf8(row.program)},
                                  {"pid", ToValidUtf8(row.pid)},
                                  {"template_id", Index(id)},
                                  {"template", ToValidUtf8(text)},
                                  {"params", params},
                                  {"message", ToValidUtf8(row.message)},
                                  {"masked", ToValidUtf8(row.masked)}};
      fmt::print("{}\n", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    } else if (format_ == "csv") {
      std::string params;
      for (const std::string_view p : parameters_)
        params += (params.empty() ? "" : "|") + EscapeForTerminal(p);
      fmt::print("{},{},{},{},{},{},{},{},{},{},{},{},{}\n", CsvField(row.source), row.line,
                 row.offset, time, row.level, CsvField(row.host), CsvField(row.program),
                 CsvField(row.pid), Index(id), CsvField(text), CsvField(params),
                 CsvField(row.message), CsvField(row.masked));
    } else {
      fmt::print("{:>6} {:<24} {:<8} {:<16.16} {:>5}  {}\n", row.line, time, row.level,
                 EscapeForTerminal(row.program, 16), Index(id), EscapeForTerminal(text, 160));
    }
  }

 private:
  std::string format_;
  Parser* parser_;
  std::vector<std::string_view> parameters_;
};

Row MakeRow(const std::string& source, uint64_t line, const ParsedLine& parsed, Parser* parser) {
  Row row;
  row.source = source;
  row.line = line;
  row.offset = parsed.ref.offset;
  row.time = parsed.header.time;
  row.level = LevelName(parsed.header.level);
  row.host = parsed.header.host;
  row.program = parsed.header.program;
  row.pid = parsed.header.pid;
  row.message = parsed.header.message;
  row.id = parsed.id;
  row.masked = parser->drain().Masked(row.message);
  return row;
}

// --state: the catalog's rows and the parser's state, under a line that says so.
constexpr std::string_view kStateMagic = "alogd parse state 1\n";

Status LoadState(const std::string& path, Parser* parser) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};  // the first run makes it
  std::stringstream content;
  content << file.rdbuf();
  const std::string blob = content.str();
  const Error foreign{path +
                      " is not a state file of alogctl parse: name another one with --state"};
  if (!std::string_view(blob).starts_with(kStateMagic)) return foreign;
  StateReader in(std::string_view(blob).substr(kStateMagic.size()));
  for (size_t n = in.Count(5); n > 0 && in.ok(); --n) {
    Template row;
    row.id = TemplateId{in.U32()};
    row.text = in.Bytes();
    row.count = in.U64();
    row.first = in.At();
    row.last = in.At();
    row.trained = in.Bool();
    row.alias_of = TemplateId{in.U32()};
    if (in.ok()) parser->catalog().Restore(std::move(row));
  }
  parser->catalog().set_next_id(in.U32());
  return in.ok() && parser->Load(in) ? Status() : Status(foreign);
}

Status SaveState(const std::string& path, Parser& parser) {
  std::string blob(kStateMagic);
  StateWriter out(&blob);
  out.U64(parser.catalog().size());
  parser.catalog().ForEach([&](const Template& row) {
    out.U64(Index(row.id));
    out.Bytes(row.text);
    out.U64(row.count);
    out.At(row.first);
    out.At(row.last);
    out.Bool(row.trained);
    out.U64(Index(row.alias_of));
  });
  out.U64(parser.catalog().next_id());
  parser.Save(out);
  const std::string beside = path + ".new";
  std::ofstream file(beside, std::ios::binary | std::ios::trunc);
  file << blob;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(beside, path, error);
  if (!file || error)
    return Error{"cannot write " + path + ": " +
                 (error ? error.message() : "no space, or not allowed")};
  return {};
}

Status Prepare(const ParseArguments& args, const GroupConfig& group, Parser* parser) {
  if (!args.state.empty())
    if (Status status = LoadState(args.state, parser); !status) return status;
  if (args.bundle.empty()) return {};
  auto bundle = LoadBundle(args.bundle, group);
  if (!bundle) return bundle.error();
  for (const std::string& text : bundle->vocabulary) parser->drain().AddTrained(text, Time{});
  return {};
}

void Parse(const ParseArguments& args, const MaskOptions& masks, CliContext* context) {
  Config config;
  if (!LoadCliConfig(context, &config)) return;
  const GroupConfig* found = FindGroup(config, args.group);
  if (!found)
    return Fail(context, "no group named '" + args.group + "' in the configuration", kExitUsage);
  GroupConfig group = *found;
  const auto off = [](bool* mask, bool keep) { *mask = *mask && keep; };
  off(&group.drain.masks.paths, masks.paths), off(&group.drain.masks.hex, masks.hex);
  off(&group.drain.masks.ips, masks.ips), off(&group.drain.masks.mac, masks.mac);
  off(&group.drain.masks.uuid, masks.uuid), off(&group.drain.masks.pid, masks.pid);
  off(&group.drain.masks.device, masks.device), off(&group.drain.masks.num, masks.num);
  auto parser = Parser::Create(group, config.severity);
  if (!parser) return Fail(context, parser.error().message, kExitUsage);
  if (Status status = Prepare(args, group, &*parser); !status)
    return Fail(context, status.error().message);
  auto files = FindLogFiles(args.logs, args.files);
  if (!files) return Fail(context, files.error().message);

  const std::string format = args.preview > 0 && args.format.empty() ? "table"
                             : context->json                         ? "json"
                             : args.format.empty() ? (context->terminal ? "table" : "csv")
                                                   : args.format;
  Spool spool;
  if (!spool.ok())
    return Fail(context, ErrnoError("cannot create a file in", "/tmp", errno).message);
  RowPrinter printer(format, &*parser);
  size_t rows = 0;
  int64_t file_id = 0;
  for (const LogSource& source : files->sources) {
    LogReader reader(source, group.max_line);
    size_t file = SIZE_MAX;
    uint64_t line_number = 0, held_line = 0, held_offset = UINT64_MAX;
    SourceId id{};
    for (std::optional<Line> line;
         (args.preview == 0 || rows < args.preview) && (line = reader.Next());) {
      if (file != reader.file()) {
        file = reader.file();
        ++file_id;
        line_number = 0;
        held_offset = UINT64_MAX;
        parser->ResetClock();
        id = parser->AddSource(reader.source_name(), reader.reference());
      }
      ++line_number;
      const ParsedLine parsed = parser->Add(id, FileId{file_id}, *line);
      // A record's row has the number of its first line.
      if (parsed.kind == Assembled::Kind::kHeld && parsed.ref.offset != held_offset)
        held_line = line_number, held_offset = parsed.ref.offset;
      if (parsed.kind != Assembled::Kind::kRecord) continue;
      ++rows;
      const uint64_t number = parsed.ref.offset == held_offset ? held_line : line_number;
      const Row row = MakeRow(reader.source_name(), number, parsed, &*parser);
      args.as_given ? printer.Print(row, row.id) : spool.Put(row);
    }
    for (const std::string& remark : reader.remarks())
      if (!context->quiet) fmt::print(stderr, "{}\n", EscapeForTerminal(remark));
  }
  spool.Rewind();
  for (Row row; spool.Get(&row);) printer.Print(row, parser->catalog().Resolve(row.id));
  if (!args.state.empty())
    if (Status status = SaveState(args.state, *parser); !status)
      return Fail(context, status.error().message);
}

}  // namespace

void AddParseCommand(CLI::App* app, CliContext* context) {
  auto args = std::make_shared<ParseArguments>();
  CLI::App* parse =
      app->add_subcommand("parse", "Print a row a record: header, template, parameters");
  parse->add_option("LOG", args->logs, "Log files, directories, compressed logs, or -")->required();
  parse->add_option("--group", args->group, "The group whose configuration to use");
  parse
      ->add_option(
          "--format", args->format,
          "csv (a ' stands before a field that a spreadsheet would take for a formula), json "
          "(exact) or table (default: table on a terminal, else csv)")
      ->check(CLI::IsMember({"csv", "json", "table"}));
  parse->add_option("--preview", args->preview, "Only the first so many records");
  parse->add_option("--bundle", args->bundle, "Begin with the templates of this bundle");
  parse->add_option("--state", args->state,
                    "Begin with the templates in this file, and save them there");
  parse->add_flag("--as-given", args->as_given, "Ids as they were given, before later merges");
  auto masks = std::make_shared<MaskOptions>();
  const std::pair<const char*, bool*> switches[] = {
      {"paths", &masks->paths},   {"hex", &masks->hex},   {"ips", &masks->ips},
      {"mac", &masks->mac},       {"uuid", &masks->uuid}, {"pid", &masks->pid},
      {"device", &masks->device}, {"num", &masks->num}};
  for (const auto& [name, mask] : switches)
    parse->add_flag_callback(
        fmt::format("--no-mask-{}", name), [masks, mask = mask] { *mask = false; },
        fmt::format("Do not take {} for variables by themselves", name));
  parse->callback([args, masks, context] { Parse(*args, *masks, context); });
}

}  // namespace alogd
