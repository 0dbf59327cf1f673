// SPDX-License-Identifier: MIT
// Reads CSV files with quoted fields (RFC 4180).
#include "testing/csv.h"

#include <fstream>
#include <sstream>
#include <utility>

namespace alogd::testing {

std::vector<std::vector<std::string>> ParseCsv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false;
  bool any = false;  // the row has begun
  const auto end_row = [&] {
    row.push_back(std::exchange(field, {}));
    rows.push_back(std::exchange(row, {}));
    any = false;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        field += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += '"';
        ++i;
      } else {
        quoted = false;
      }
      continue;
    }
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == '\n') {
      if (any) end_row();
      continue;
    }
    any = true;
    if (c == '"' && field.empty()) {
      quoted = true;
    } else if (c == ',') {
      row.push_back(std::exchange(field, {}));
    } else {
      field += c;
    }
  }
  if (any) end_row();
  return rows;
}

CsvTable ReadCsv(const std::string& path) {
  CsvTable table;
  std::ifstream in(path, std::ios::binary);
  if (!in) return table;
  std::ostringstream text;
  text << in.rdbuf();
  auto rows = ParseCsv(text.str());
  if (rows.empty()) return table;
  for (size_t i = 0; i < rows[0].size(); ++i) table.columns[rows[0][i]] = i;
  for (size_t i = 1; i < rows.size(); ++i)
    if (rows[i].size() == rows[0].size()) table.rows.push_back(std::move(rows[i]));
  return table;
}

}  // namespace alogd::testing
