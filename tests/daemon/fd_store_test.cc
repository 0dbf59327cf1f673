// SPDX-License-Identifier: MIT
// What the service manager is handed, and that a deleted log is read to its end after a restart.
#include "daemon/fd_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

#include "testing/service_harness.h"
#include "testing/tail_rig.h"

namespace alogd {
namespace {

// Stands in for the service manager: messages, and the inode of the descriptor that came with each.
class FdStoreTest : public ::testing::Test {
 protected:
  struct Message {
    std::string text;
    ino_t inode = 0;  // 0: no descriptor
  };

  void SetUp() override {
    const std::string path = directory_ / "notify";
    fd_ = UniqueFd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  void TearDown() override { unsetenv("NOTIFY_SOCKET"); }

  Message Next() {
    char buffer[4096];
    alignas(cmsghdr) char control[256];
    iovec part{buffer, sizeof buffer};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t n = recvmsg(fd_.get(), &header, MSG_DONTWAIT);
    Message message;
    if (n <= 0) return message;
    message.text.assign(buffer, static_cast<size_t>(n));
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_type != SCM_RIGHTS) continue;
      int passed = -1;
      std::memcpy(&passed, CMSG_DATA(c), sizeof passed);
      const UniqueFd owned(passed);
      struct stat st {};
      if (fstat(passed, &st) == 0) message.inode = st.st_ino;
    }
    return message;
  }

  TemporaryDirectory directory_;
  UniqueFd fd_;
};

TEST_F(FdStoreTest, StoresWhatIsNewAndRemovesWhatIsGone) {
  const std::string path = directory_ / "app.log.1";
  WriteTo(path, "x\n");
  struct stat st {};
  ASSERT_EQ(stat(path.c_str(), &st), 0);
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  FdStore store;
  store.Update("app", {{FileId{7}, file.get()}});
  const Message stored = Next();
  EXPECT_EQ(stored.text, "FDSTORE=1\nFDPOLL=0\nFDNAME=log-7");
  EXPECT_EQ(stored.inode, st.st_ino);
  store.Update("app", {{FileId{7}, file.get()}});
  store.Update("other", {});
  EXPECT_EQ(Next().text, "");
  store.Update("app", {});
  const Message removed = Next();
  EXPECT_EQ(removed.text, "FDSTOREREMOVE=1\nFDNAME=log-7");
  EXPECT_EQ(removed.inode, 0U);
}

TEST_F(FdStoreTest, NothingIsInheritedWithoutAServiceManager) {
  EXPECT_EQ(FdStore().InheritedPath(1), "");
}

// The descriptor that stayed open stands in for the one that the service manager passes on.
class InheritedFileTest : public ::testing::Test {
 protected:
  // Reads a1; then the log is rotated and deleted, and b1 comes at its place.
  void DeleteWhileDown(bool inherit) {
    testing::AppendTo(log_, "a1\n");
    const int fd = open(log_.c_str(), O_RDONLY | O_CLOEXEC);
    kept_ = UniqueFd(fd);
    struct stat st {};
    ASSERT_EQ(fstat(fd, &st), 0);
    SourceFiles::Options options;
    options.inherited = [inherit, fd, inode = st.st_ino](uint64_t wanted) {
      return inherit && wanted == inode ? "/proc/self/fd/" + std::to_string(fd) : std::string();
    };
    testing::TailRig rig(log_, options);
    rig.ReadAll();
    rig.Commit();
    rig.Kill();
    testing::AppendTo(log_, "a2\n");
    unlink(log_.c_str());
    testing::AppendTo(log_, "b1\n");
    rig.Start();
    rig.ReadAll();
    lines_ = rig.lines();
    std::vector<std::pair<FileId, int>> held;
    rig.files().AddHeld(&held);
    held_ = held.size();
  }

  testing::TailDirectory dir_;
  const std::string log_ = dir_ / "app.log";
  UniqueFd kept_;
  std::vector<std::string> lines_;
  size_t held_ = 0;
};

TEST_F(InheritedFileTest, IsReadToItsEndAndHeldOn) {
  DeleteWhileDown(true);
  EXPECT_THAT(lines_, ::testing::ElementsAre("a1", "a2", "b1"));
  EXPECT_EQ(held_, 1U);
}

TEST_F(InheritedFileTest, IsLostWithoutTheDescriptor) {
  DeleteWhileDown(false);
  EXPECT_THAT(lines_, ::testing::ElementsAre("a1", "b1"));
  EXPECT_EQ(held_, 0U);
}

}  // namespace
}  // namespace alogd
