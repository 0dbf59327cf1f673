// SPDX-License-Identifier: MIT
// Cases under load: storms of rotations, kills while lines pour in, bursts, files that come and go.
#include <random>

#include "testing/tail_cases.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class CasesLoadTest : public TailCase {
 protected:
  // 10,000 lines a second for `duration`; `during` is called 100 times a second.
  template <typename Action>
  void WriteAtFullRate(milliseconds duration, Action during) {
    const OpenLog writer(log_);
    Clock::time_point due = Clock::now();
    for (auto passed = milliseconds(0); passed < duration; passed += milliseconds(10)) {
      writer.Write(Next(100));
      during();
      std::this_thread::sleep_until(due += milliseconds(10));
    }
  }
};

TEST_F(CasesLoadTest, FortyRotationsAtTwentyASecond) {
  Begin();
  Write(20);
  WaitForAll();  // a log that is rotated away before it was ever seen is not known to be one
  for (int rotation = 0; rotation < 40; ++rotation) {
    const OpenLog writer(log_);
    writer.Write(Next(150));
    for (int i = rotation; i > 0; --i) {
      fs::rename(Rotated(fmt::format(".{}", i)), Rotated(fmt::format(".{}", i + 1)));
    }
    fs::rename(log_, Rotated(".1"));
    writer.Write(Next(50));  // by the old descriptor
    std::this_thread::sleep_for(milliseconds(50));
  }
  ExpectAllOnce();
}

TEST_F(CasesLoadTest, KilledAtTenThousandLinesASecond) {
  std::mt19937 random(std::random_device{}());
  Begin();
  int ticks = 0;
  WriteAtFullRate(milliseconds(Sized(3900, 1500)), [&] {
    if (++ticks % 40 != 0) return;
    daemon_.Kill();
    std::this_thread::sleep_for(milliseconds(random() % 50));
    daemon_.Spawn();
  });
  ExpectAllOnce();
}

TEST_F(CasesLoadTest, TerminatedAtTenThousandLinesASecond) {
  Begin();
  int ticks = 0;
  WriteAtFullRate(milliseconds(Sized(3900, 1500)), [&] {
    if (++ticks % 50 != 0) return;
    EXPECT_EQ(daemon_.Terminate(), 0);
    ASSERT_TRUE(daemon_.Start());
  });
  ExpectAllOnce();
}

// 500 MiB at once, in lines of 1 KiB.
TEST_F(CasesLoadTest, Burst) {
  Begin();
  Write(1);
  WaitForAll();
  const std::string tail(1024 - EventLine(100'000).size(), 'x');
  const int lines = Sized(500, 50) * 1024;
  for (int i = 0; i < lines; i += 1024) Write(1024, tail);
  ExpectAllOnce(std::chrono::seconds(600));
}

// Jobs that write a log of their own, which is deleted when it was read.
TEST_F(CasesLoadTest, ShortLivedFiles) {
  Begin();
  const int files = Sized(100'000, 10'000);
  constexpr int kBatch = 500;
  for (int first = 0; first < files; first += kBatch) {
    for (int i = first; i < first + kBatch; ++i) {
      AppendTo(daemon_.Log(fmt::format("job-{}.log", i)), Next(2));
    }
    WaitForAll();
    for (int i = first; i < first + kBatch; ++i) {
      fs::remove(daemon_.Log(fmt::format("job-{}.log", i)));
    }
  }
  const int64_t rows = daemon_.Number("SELECT count(*) FROM files");
  EXPECT_LT(rows, files / 2) << "checkpoints of files that are gone";
  ExpectAllOnce();
}

}  // namespace
}  // namespace alogd
