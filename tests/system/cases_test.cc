// SPDX-License-Identifier: MIT
// What happens to logs in the field, case by case: each line becomes one row, whatever it was.
#include "testing/tail_cases.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class CasesTest : public TailCase {};

// Longer than the block that is compared: the blocks before the ends of such lines are equal.
std::string LongTail() { return " " + std::string(6000, 'x'); }

TEST_F(CasesTest, RenamedWhileItsWriterKeepsTheDescriptor) {
  Begin();
  const OpenLog old(log_);
  old.Write(Next(150));
  WaitForAll();
  fs::rename(log_, Rotated(".1"));
  Write(50);  // a new writer creates it
  for (int i = 0; i < 10; ++i) {
    old.Write(Next(5));
    Write(5);
    std::this_thread::sleep_for(milliseconds(5));
  }
  ExpectAllOnce();
}

TEST_F(CasesTest, CopyTruncate) {
  Begin();
  const OpenLog writer(log_);
  for (int round = 0; round < 3; ++round) {
    writer.Write(Next(30));
    if (round != 1) WaitForAll();  // once the copy is made while alogd is behind
    for (int i = round; i > 0; --i) {
      fs::rename(Rotated(fmt::format(".{}", i)), Rotated(fmt::format(".{}", i + 1)));
    }
    fs::copy_file(log_, Rotated(".1"));
    ASSERT_EQ(::truncate(log_.c_str(), 0), 0);
    writer.Write(Next(20));
  }
  ExpectAllOnce();
}

TEST_F(CasesTest, TruncatedAndRegrownPastTheOffset) {
  Begin();
  Write(100);
  WaitForAll();
  BetweenTwoReads([&] { WriteTo(log_, Next(300)); });
  ExpectAllOnce();
}

TEST_F(CasesTest, TruncatedAndRegrownWithTailsThatLookAlike) {
  Begin();
  Write(10, LongTail());
  WaitForAll();
  BetweenTwoReads([&] { WriteTo(log_, Next(30, LongTail())); });
  ExpectAllOnce();
}

TEST_F(CasesTest, TruncatedAndRegrownToTheSameSize) {
  Begin();
  Write(10);
  WaitForAll();
  // Numbers of two digits from here on, so that the lines are of one length.
  BetweenTwoReads([&] { WriteTo(log_, Next(40, LongTail())); });
  WaitForAll();
  const uint64_t size = fs::file_size(log_);
  BetweenTwoReads([&] { WriteTo(log_, Next(40, LongTail())); });
  EXPECT_EQ(fs::file_size(log_), size);
  ExpectAllOnce();
}

TEST_F(CasesTest, RotatedWhileDownWithOnlyThePlainPath) {
  daemon_.ConfigureWith("rules:\n" + std::string(kEveryEvent) +
                        "groups:\n  - {name: app, paths: ['LOGDIR/app.log'], from: beginning, "
                        "stream: source}\n");
  Write(100);
  ASSERT_TRUE(daemon_.Start());
  WaitForAll();
  WhileDown([&] {
    Write(100);
    fs::rename(log_, Rotated(".1"));
    Write(100);
  });
  ExpectAllOnce();
}

TEST_F(CasesTest, RotatedThreeTimesWhileDown) {
  Begin();
  Write(50);
  WaitForAll();
  WhileDown([&] {
    for (int i = 0; i < 3; ++i) {
      Write(50);
      for (int k = i; k > 0; --k) {
        fs::rename(Rotated(fmt::format(".{}", k)), Rotated(fmt::format(".{}", k + 1)));
      }
      fs::rename(log_, Rotated(".1"));
    }
    Write(50);
  });
  ExpectAllOnce();
}

TEST_F(CasesTest, RotatedToADateWhileDown) {
  Begin();
  Write(100);
  WaitForAll();
  WhileDown([&] {
    Write(100);
    fs::rename(log_, Rotated("-20261121"));
    Write(100);
  });
  ExpectAllOnce();
}

TEST_F(CasesTest, RotatedAndCompressedWhileDown) {
  Begin();
  Write(100);
  WaitForAll();
  WhileDown([&] {
    Write(100);
    fs::rename(log_, Rotated(".1"));
    ASSERT_EQ(std::system(("gzip -f " + Rotated(".1")).c_str()), 0);
    Write(100);
  });
  ExpectAllOnce();
}

TEST_F(CasesTest, CopyTruncatedWhileDown) {
  Begin();
  Write(100);
  WaitForAll();
  WhileDown([&] {
    Write(100);
    fs::copy_file(log_, Rotated(".1"));
    ASSERT_EQ(::truncate(log_.c_str(), 0), 0);
    Write(300);
  });
  ExpectAllOnce();
}

TEST_F(CasesTest, ReplacedWhileDownOnTheSameInode) {
  Begin();
  Write(100);
  WaitForAll();
  WhileDown([&] { WriteTo(log_, Next(200)); });
  WaitForAll();
  // Unlinked and made anew: ext4 and tmpfs give the number out again.
  WhileDown([&] {
    fs::remove(log_);
    Write(300);
  });
  ExpectAllOnce();
}

TEST_F(CasesTest, LineCompletedLater) {
  Begin("    partial_timeout: 1h\n");
  for (int i = 0; i < 5; ++i) {
    const std::string lines = Next(3);
    const size_t cut = lines.size() - 40 - static_cast<size_t>(i);
    AppendTo(log_, lines.substr(0, cut));
    std::this_thread::sleep_for(milliseconds(50));
    AppendTo(log_, lines.substr(cut));
  }
  ExpectAllOnce();
}

TEST_F(CasesTest, LastLineThatNeverEnds) {
  Begin("    partial_timeout: 100ms\n");
  std::string line = Next(1);
  line.pop_back();
  AppendTo(log_, line);
  WaitForAll();
  AppendTo(log_, "\n" + Next(10));
  ExpectAllOnce();
}

TEST_F(CasesTest, LinesOfOneAndEightMiB) {
  Begin();
  Write(10);
  Write(3, std::string(1 << 20, 'x'));
  Write(10);
  Write(2, std::string(8 << 20, 'x'));
  Write(10);
  ExpectAllOnce();
}

TEST_F(CasesTest, NulHoles) {
  Begin();
  const OpenLog writer(log_, 0);  // without O_APPEND it goes on where it was, behind a hole
  writer.Write(Next(1000));
  WaitForAll();
  fs::copy_file(log_, Rotated(".1"));
  ASSERT_EQ(::truncate(log_.c_str(), 0), 0);
  writer.Write(Next(100));
  WaitForAll();
  writer.Write(Next(100));
  ExpectAllOnce();
}

TEST_F(CasesTest, TwoFilesWithTheSameContent) {
  Begin();
  copies_ = 2;
  Write(200);
  WriteTo(daemon_.Log("other.log"), ReadAll(log_));
  WaitForAll();
  WhileDown([&] {
    const std::string more = Next(100);
    AppendTo(log_, more);
    AppendTo(daemon_.Log("other.log"), more);
    fs::rename(log_, Rotated(".1"));
    fs::rename(daemon_.Log("other.log"), daemon_.Log("other.log.1"));
  });
  ExpectAllOnce();
}

TEST_F(CasesTest, FilesWithTheSameFirst64KiB) {
  const std::string other = daemon_.Log("other.log");
  const std::string head = std::string(64 * 1024, '#') + "\n";
  Begin();
  AppendTo(log_, head + Next(100));
  AppendTo(other, head + Next(100));
  WaitForAll();
  WhileDown([&] {
    fs::rename(log_, Rotated(".1"));
    AppendTo(Rotated(".1"), Next(100));
    WriteTo(log_, head + Next(100));
    AppendTo(other, Next(100));
  });
  WaitForAll();
  BetweenTwoReads([&] {
    fs::rename(other, daemon_.Log("other.log.1"));
    WriteTo(other, head + Next(100));
  });
  ExpectAllOnce();
}

TEST_F(CasesTest, DirectoryCreatedLater) {
  daemon_.ConfigureWith("rules:\n" + std::string(kEveryEvent) +
                        "groups:\n  - {name: app, paths: ['LOGDIR/a/*/*.log'], stream: source}\n");
  ASSERT_TRUE(daemon_.Start());
  fs::create_directories(daemon_.Log("a/b"));
  AppendTo(daemon_.Log("a/b/x.log"), Next(100));
  WaitForAll();
  fs::create_directory(daemon_.Log("a/c"));
  AppendTo(daemon_.Log("a/c/x.log"), Next(100));
  AppendTo(daemon_.Log("a/b/x.log"), Next(100));
  ExpectAllOnce();
}

TEST_F(CasesTest, SymlinkSwapped) {
  fs::create_directory(daemon_.Log("real"));
  const auto target = [&](int i) { return daemon_.Log(fmt::format("real/{}", i)); };
  const auto lead = [&](int i) {
    fs::create_symlink(target(i), daemon_.Log("next"));
    fs::rename(daemon_.Log("next"), log_);
  };
  AppendTo(target(0), Next(50));
  lead(0);
  Begin();
  WaitForAll();
  for (int i = 1; i < 5; ++i) {
    AppendTo(target(i - 1), Next(50));
    AppendTo(target(i), Next(50));
    lead(i);
    AppendTo(target(i - 1), Next(50));  // by a writer that has not noticed
    AppendTo(target(i), Next(50));
    WaitForAll();  // before it is swapped again: what nobody looked at leaves no trace
  }
  ExpectAllOnce();
}

TEST_F(CasesTest, DeletedWhileWritten) {
  Begin();
  const OpenLog old(log_);
  old.Write(Next(100));
  WaitForAll();
  fs::remove(log_);
  for (int i = 0; i < 10; ++i) {
    old.Write(Next(10));
    std::this_thread::sleep_for(milliseconds(5));
  }
  Write(10);
  ExpectAllOnce();
}

// rename cannot cross file systems: mv copies, and then unlinks.
TEST_F(CasesTest, MovedInFromAnotherFileSystem) {
  const std::string outside =
      (fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path().string()) +
      fmt::format("/alogd-case-{}.log", ::getpid());
  Begin();
  Write(50);
  WaitForAll();
  WriteTo(outside, Next(2000));
  ASSERT_EQ(std::system(fmt::format("mv {} {}", outside, daemon_.Log("in.log")).c_str()), 0);
  WaitForAll();
  // Over a log that is being read.
  WriteTo(outside, Next(2000));
  ASSERT_EQ(std::system(fmt::format("mv -f {} {}", outside, log_).c_str()), 0);
  ExpectAllOnce();
}

// A name that is no UTF-8 finds its checkpoint again.
TEST_F(CasesTest, NameThatIsNoUtf8) {
  const std::string path = daemon_.Log("caf\xe9.log");
  AppendTo(path, Next(100));
  Begin();
  WaitForAll();
  WhileDown([&] {
    AppendTo(path, Next(100));
    fs::rename(path, path + ".1");
    AppendTo(path, Next(100));
  });
  ExpectAllOnce();
}

}  // namespace
}  // namespace alogd
