// SPDX-License-Identifier: MIT
// Reads CSV files with quoted fields (RFC 4180).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace alogd::testing {

// Rows of fields; quoted fields may hold commas, quotes (doubled) and line ends.
std::vector<std::vector<std::string>> ParseCsv(std::string_view text);

struct CsvTable {
  std::map<std::string, size_t> columns;  // by the names in the first row
  std::vector<std::vector<std::string>> rows;

  bool Has(const std::string& column) const { return columns.contains(column); }
  const std::string& At(size_t row, const std::string& column) const {
    return rows[row][columns.at(column)];
  }
};

// Empty where the file cannot be read. Rows of another width than the first are left out.
CsvTable ReadCsv(const std::string& path);

}  // namespace alogd::testing
