// SPDX-License-Identifier: MIT
// `journalctl -x` explains every MESSAGE_ID: the catalog against the list in the source.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "testing/paths.h"

namespace alogd {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(MessageIdsTest, AllAreInTheCatalog) {
  std::set<std::string> ids;
  const std::string source = ReadFile(testing::SourcePath("src/daemon/message_ids.h"));
  const std::regex quoted("\"([0-9a-f]{32})\"");
  for (std::sregex_iterator it(source.begin(), source.end(), quoted), end; it != end; ++it)
    EXPECT_TRUE(ids.insert((*it)[1]).second) << (*it)[1];
  EXPECT_GE(ids.size(), 8u);

  std::map<std::string, std::string> entries;
  const std::string catalog = ReadFile(testing::SourcePath("systemd/alogd.catalog"));
  const std::regex head("(?:^|\n)-- ([0-9a-f]{32})\n");
  for (std::sregex_iterator it(catalog.begin(), catalog.end(), head), end; it != end; ++it) {
    const std::string rest = it->suffix();
    EXPECT_TRUE(entries.emplace((*it)[1], rest.substr(0, rest.find("\n-- "))).second);
  }
  for (const std::string& id : ids) EXPECT_TRUE(entries.contains(id)) << id << " is not explained";
  for (const auto& [id, text] : entries) {
    EXPECT_TRUE(ids.contains(id)) << id << " is nobody's";
    for (const char* field : {"Subject: ", "Defined-By: alogd\n", "Documentation: man:alogd(8)"})
      EXPECT_NE(text.find(field), std::string::npos) << id << " lacks " << field;
    // What happened, and a command or a reason to run none.
    EXPECT_GT(text.size(), 250u) << id;
  }
}

}  // namespace
}  // namespace alogd
