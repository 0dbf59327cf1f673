// SPDX-License-Identifier: MIT
// The chain's checksum against published values.
#include "daemon/files/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace alogd {
namespace {

TEST(Crc32cTest, PublishedCheckValue) {
  EXPECT_EQ(Crc32c(0, "123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32cPortable(0, "123456789"), 0xE3069283u);
}

// RFC 3720, B.4: 32 bytes of zeros, of ones, ascending, descending.
TEST(Crc32cTest, ExamplesOfRfc3720) {
  std::string ascending, descending;
  for (int i = 0; i < 32; ++i) {
    ascending.push_back(static_cast<char>(i));
    descending.push_back(static_cast<char>(31 - i));
  }
  for (const auto function : {Crc32c, Crc32cPortable}) {
    EXPECT_EQ(function(0, std::string(32, '\0')), 0x8A9136AAu);
    EXPECT_EQ(function(0, std::string(32, '\xff')), 0x62A8AB43u);
    EXPECT_EQ(function(0, ascending), 0x46DD794Eu);
    EXPECT_EQ(function(0, descending), 0x113FDB5Cu);
  }
}

TEST(Crc32cTest, ChunksMakeNoDifference) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::to_string(i * 7919) + "\n";
  const uint32_t whole = Crc32cPortable(0, text);
  for (size_t chunk = 1; chunk < 40; ++chunk) {
    uint32_t chain = 0;
    for (size_t at = 0; at < text.size(); at += chunk) {
      chain = Crc32c(chain, std::string_view(text).substr(at, chunk));
    }
    EXPECT_EQ(chain, whole) << chunk;
  }
  EXPECT_EQ(Crc32c(0, ""), 0u);
}

}  // namespace
}  // namespace alogd
