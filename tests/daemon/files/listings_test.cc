// SPDX-License-Identifier: MIT
// When a listing that was made for one log will do for another.
#include "daemon/files/listings.h"

#include <gtest/gtest.h>

#include "testing/tail_rig.h"

namespace alogd {
namespace {

using testing::AppendTo;
using testing::TailDirectory;

class ListingsTest : public ::testing::Test {
 protected:
  void Make(size_t files) {
    for (size_t i = 0; i < files; ++i) AppendTo(dir_ / std::to_string(i), "");
  }
  size_t Seen() {
    const auto names = listings_.Shared(dir_.path());
    return names ? (*names)->size() : 0;
  }
  TailDirectory dir_;
  Listings listings_;
  Time now_ = FromMicros(1'795'000'000'000'000);
};

constexpr size_t kDots = 2;  // "." and ".."

TEST_F(ListingsTest, SharedByWhatWasHeardOfBefore) {
  Make(300);
  const uint64_t one = listings_.Mark(), other = listings_.Mark();
  listings_.Begin(one, now_);
  EXPECT_EQ(Seen(), 300 + kDots);
  AppendTo(dir_ / "later", "");
  listings_.Begin(other, now_);
  EXPECT_TRUE(listings_.Due(dir_.path()));
  EXPECT_EQ(Seen(), 300 + kDots) << "what came later is told of later";
  const uint64_t later = listings_.Mark();
  listings_.Begin(later, now_);
  EXPECT_FALSE(listings_.Due(dir_.path())) << "so large a directory is not listed at once again";
  EXPECT_EQ(Seen(), 301 + kDots) << "where it has to be now, it is";
  listings_.Begin(listings_.Mark(), now_ + Listings::kPause);
  EXPECT_TRUE(listings_.Due(dir_.path()));
}

TEST_F(ListingsTest, SmallDirectoryIsListedWhenever) {
  Make(10);
  listings_.Begin(listings_.Mark(), now_);
  EXPECT_EQ(Seen(), 10 + kDots);
  AppendTo(dir_ / "later", "");
  listings_.Begin(listings_.Mark(), now_);
  EXPECT_TRUE(listings_.Due(dir_.path()));
  EXPECT_EQ(Seen(), 11 + kDots);
}

TEST_F(ListingsTest, ClockThatJumpsBackMakesNobodyWait) {
  Make(300);
  listings_.Begin(listings_.Mark(), now_);
  EXPECT_EQ(Seen(), 300 + kDots);
  listings_.Begin(listings_.Mark(), now_ - std::chrono::hours(24));
  EXPECT_TRUE(listings_.Due(dir_.path()));
}

TEST_F(ListingsTest, DirectoryThatIsGoneOrClosed) {
  listings_.Begin(listings_.Mark(), now_);
  const auto gone = listings_.Shared(dir_ / "nowhere");
  ASSERT_TRUE(gone.ok());
  EXPECT_TRUE((*gone)->empty());
  AppendTo(dir_ / "file", "");
  EXPECT_TRUE(listings_.Shared(dir_ / "file").ok()) << "ENOTDIR: nothing stands in it";
}

}  // namespace
}  // namespace alogd
