// SPDX-License-Identifier: MIT
// Fuzzes record assembly with header parsing: any bytes, any chunks, a restart in the middle.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/headers/header_parser.h"
#include "core/records/line_splitter.h"
#include "core/records/record_assembler.h"
#include "core/records/severity.h"
#include "core/text.h"
#include "fuzz.h"

namespace {

using alogd::fuzz::Require;

using namespace alogd;

bool Within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

// A parser and its file's assembler, which may be replaced by copies made from their state.
struct Source {
  HeaderParser parser = HeaderParser::Create({.time_zone = "UTC"}).value();
  RecordAssembler assembler{&parser};

  void Restart(Source* next) const {
    std::string blob;
    StateWriter out(&blob);
    parser.Save(out);
    assembler.Save(out);
    StateReader in(blob);
    Require(next->parser.Load(in) && next->assembler.Load(in) && in.at_end());
  }
};

void Check(const Assembled& a, const Line& line, const SeverityTable& severity) {
  Require(a.offset <= line.offset);
  Require(a.text.size() <= RecordAssembler::kMaxJoined || Within(a.text, line.text));
  if (a.kind == Assembled::Kind::kRecord) {
    severity.OfRecord(a.header.level, a.header.message);
    if (!a.header.recognised) Require(a.header.message == a.text);
  } else {
    severity.OfContinuation(a.text);
  }
  Require(EscapeForTerminal(a.text, 256).size() <= 256);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const SeverityTable severity{SeverityOptions{}};
  const size_t chunk = 1 + data[0];
  const size_t restart = data[1];
  std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  Source first, second;
  Source* source = &first;
  LineSplitter splitter(300);
  size_t lines = 0;
  for (Line line; !bytes.empty();) {
    splitter.Append(bytes.substr(0, chunk));
    bytes.remove_prefix(chunk < bytes.size() ? chunk : bytes.size());
    while (splitter.Next(&line) || (bytes.empty() && splitter.Flush(&line))) {
      if (lines++ == restart) {
        first.Restart(&second);
        source = &second;
      }
      Check(source->assembler.Add(line), line, severity);
    }
  }
  return 0;
}
