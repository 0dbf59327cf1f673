// SPDX-License-Identifier: MIT
// Logs at rest in every wrapping, and archives that mean harm.
#include "core/records/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "core/types.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kMtime = 1'700'000'000;

struct Member {
  std::string name;
  std::string text;
  int64_t mtime_us = 0;
};

// Lines that do not repeat, so that compressed blocks are crossed.
std::string ManyLines(size_t bytes) {
  std::string text;
  for (uint64_t i = 1; text.size() < bytes; ++i)
    text += "Nov 22 01:30:00 host app[" + std::to_string(i * 0x9e3779b97f4a7c15u) + "]: line\n";
  return text;
}

class ArchiveReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = ::testing::TempDir() + "alogd_archives_" + std::to_string(getpid()) + "/";
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string Plain(const std::string& name, std::string_view text) {
    std::ofstream(root_ + name) << text;
    const timespec times[2] = {{kMtime + 5, 0}, {kMtime + 5, 0}};
    EXPECT_EQ(utimensat(AT_FDCWD, (root_ + name).c_str(), times, 0), 0);
    return root_ + name;
  }

  using Setting = int (*)(archive*);
  using Fill = std::function<void(archive*)>;
  std::string Write(const std::string& name, Setting format, Setting filter, const Fill& fill) {
    archive* a = archive_write_new();
    EXPECT_EQ(format(a), ARCHIVE_OK);
    EXPECT_GE(filter(a), ARCHIVE_WARN);
    EXPECT_EQ(archive_write_open_filename(a, (root_ + name).c_str()), ARCHIVE_OK);
    fill(a);
    EXPECT_EQ(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return root_ + name;
  }
  static void Add(archive* a, const std::string& name, std::string_view text,
                  unsigned type = AE_IFREG, const char* hardlink = nullptr) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    archive_entry_set_mtime(entry, kMtime, 0);
    if (type == AE_IFLNK) archive_entry_set_symlink(entry, "/etc/shadow");
    if (hardlink != nullptr) archive_entry_set_hardlink(entry, hardlink);
    EXPECT_GE(archive_write_header(a, entry), ARCHIVE_WARN) << archive_error_string(a);
    archive_write_data(a, text.data(), text.size());
    archive_entry_free(entry);
  }

  // All members; the error, if there is one, as the last of them.
  std::vector<Member> ReadAll(const std::string& path, size_t buffer_size = 1000) {
    std::vector<Member> members;
    Result<ArchiveReader> reader = ArchiveReader::Open(path);
    if (!reader) return {{"error", reader.error().message, 0}};
    std::vector<char> buffer(buffer_size);
    for (Member member;; members.push_back(member)) {
      const Result<bool> next = reader->NextMember(&member.name, &member.mtime_us);
      if (!next) members.push_back({"error", next.error().message, 0});
      if (!next || !*next) return members;
      member.text.clear();
      Result<size_t> n = reader->Read(buffer);
      for (; n && *n > 0; n = reader->Read(buffer)) member.text.append(buffer.data(), *n);
      if (n) continue;
      members.push_back(member);
      members.push_back({"error", n.error().message, 0});
      return members;
    }
  }
  std::string root_;
};

TEST_F(ArchiveReaderTest, PlainFile) {
  const std::string text = ManyLines(700'000);
  const std::string path = Plain("app.log", text);
  const std::vector<Member> members = ReadAll(path, 4096);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].name, path);
  EXPECT_TRUE(members[0].text == text);
  EXPECT_EQ(members[0].mtime_us, (kMtime + 5) * 1'000'000);
}

TEST_F(ArchiveReaderTest, EmptyFile) {
  const std::string path = Plain("empty.log", "");
  const std::vector<Member> members = ReadAll(path);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].name, path);
  EXPECT_EQ(members[0].text, "");
}

// Text that formats which are switched off would take for theirs.
TEST_F(ArchiveReaderTest, TextThatLooksLikeSomethingElse) {
  for (const std::string text :
       {"#mtree\n/etc/passwd type=file contents=/etc/passwd\n", "begin 644 x\n#0V%T\n`\nend\n",
        "a type=file mode=644\nb type=file mode=644\n", "]\n", "BZ", "\x1f\x8b", "PK", "LRZI\n",
        "!<arch>\n", "Rar!\x1a\x07", "7z\xbc\xaf\x27\x1c", "070707"}) {
    const std::string path = Plain("odd", text);
    const std::vector<Member> members = ReadAll(path);
    ASSERT_EQ(members.size(), 1u) << text;
    EXPECT_EQ(members[0].name, path);
    EXPECT_EQ(members[0].text, text);
  }
}

TEST_F(ArchiveReaderTest, EveryCompression) {
  const std::string text = ManyLines(300'000);
  const std::pair<const char*, Setting> filters[] = {
      {"a.gz", archive_write_add_filter_gzip},  {"a.xz", archive_write_add_filter_xz},
      {"a.zst", archive_write_add_filter_zstd}, {"a.bz2", archive_write_add_filter_bzip2},
      {"a.lz4", archive_write_add_filter_lz4},  {"a.lzma", archive_write_add_filter_lzma},
      {"a.lz", archive_write_add_filter_lzip},  {"a.Z", archive_write_add_filter_compress}};
  for (const auto& [name, filter] : filters) {
    const std::string path =
        Write(name, archive_write_set_format_raw, filter, [&](archive* a) { Add(a, "x", text); });
    ASSERT_LT(fs::file_size(path), text.size());
    const std::vector<Member> members = ReadAll(path);
    ASSERT_EQ(members.size(), 1u) << name;
    EXPECT_EQ(members[0].name, path);
    EXPECT_TRUE(members[0].text == text) << name << " " << members[0].text.substr(0, 80);
  }
}

TEST_F(ArchiveReaderTest, ConcatenatedGzip) {
  const auto gz = [&](const char* name, const char* text) {
    const std::string path =
        Write(name, archive_write_set_format_raw, archive_write_add_filter_gzip,
              [&](archive* a) { Add(a, "x", text); });
    std::ifstream in(path);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string path = Plain("both.gz", gz("1.gz", "one\n") + gz("2.gz", "two\n"));
  const std::vector<Member> members = ReadAll(path);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].text, "one\ntwo\n");
}

TEST_F(ArchiveReaderTest, TarAndZip) {
  const std::string big = ManyLines(200'000);
  const auto fill = [&](archive* a) {
    Add(a, "logs/", "", AE_IFDIR);
    Add(a, "logs/a.log", big);
    Add(a, "../../etc/cron.d/evil", "b\n");
    Add(a, "logs/empty", "");
  };
  const std::string paths[] = {
      Write("a.tar", archive_write_set_format_gnutar, archive_write_add_filter_none, fill),
      Write("a.tar.xz", archive_write_set_format_pax_restricted, archive_write_add_filter_xz, fill),
      Write("a.tgz", archive_write_set_format_ustar, archive_write_add_filter_gzip, fill),
      Write("a.zip", archive_write_set_format_zip, archive_write_add_filter_none, fill)};
  for (const std::string& path : paths) {
    const std::vector<Member> members = ReadAll(path);
    ASSERT_EQ(members.size(), 3u) << path;
    EXPECT_EQ(members[0].name, path + "!logs/a.log");
    EXPECT_TRUE(members[0].text == big) << path;
    EXPECT_EQ(members[0].mtime_us, kMtime * 1'000'000);
    EXPECT_EQ(members[1].name, path + "!../../etc/cron.d/evil");
    EXPECT_EQ(members[1].text, "b\n");
    EXPECT_EQ(members[2].text, "");
  }
  EXPECT_FALSE(fs::exists(root_ + "logs"));
}

TEST_F(ArchiveReaderTest, OnlyRegularMembers) {
  const std::string path =
      Write("odd.tar", archive_write_set_format_pax, archive_write_add_filter_none, [](archive* a) {
        Add(a, "device", "", AE_IFCHR);
        Add(a, "link", "", AE_IFLNK);
        Add(a, "pipe", "", AE_IFIFO);
        Add(a, "good", "x\n");
        Add(a, "hard", "", AE_IFREG, "/etc/shadow");
      });
  const std::vector<Member> members = ReadAll(path);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].name, path + "!good");
}

TEST_F(ArchiveReaderTest, UnreadMembersAreSkipped) {
  const std::string path =
      Write("a.tar", archive_write_set_format_ustar, archive_write_add_filter_none, [](archive* a) {
        Add(a, "1", std::string(100'000, 'x'));
        Add(a, "2", "y");
      });
  Result<ArchiveReader> reader = ArchiveReader::Open(path);
  ASSERT_TRUE(reader.ok());
  std::string name;
  int64_t mtime = 0;
  ASSERT_TRUE(*reader->NextMember(&name, &mtime));
  ASSERT_TRUE(*reader->NextMember(&name, &mtime));
  EXPECT_EQ(name, path + "!2");
  char buffer[10];
  EXPECT_EQ(*reader->Read(buffer), 1u);
  EXPECT_EQ(*reader->Read(buffer), 0u);
  EXPECT_FALSE(*reader->NextMember(&name, &mtime));
  EXPECT_FALSE(*reader->NextMember(&name, &mtime));
  EXPECT_EQ(*reader->Read(buffer), 0u);
}

TEST_F(ArchiveReaderTest, LongNamesAreCut) {
  const std::string long_name(5000, 'n');
  const std::string path =
      Write("long.tar", archive_write_set_format_pax, archive_write_add_filter_none,
            [&](archive* a) { Add(a, long_name, "x\n"); });
  const std::vector<Member> members = ReadAll(path);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].name.size(), path.size() + 1 + ArchiveReader::kMaxName);
}

// A hole is some bytes in the archive, whatever its length: it must not become that many NUL bytes.
TEST_F(ArchiveReaderTest, HolesAreLeftOut) {
  const std::string hole(8 << 20, '\0');
  const auto fill = [&](archive* a) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, "sparse");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, static_cast<la_int64_t>(hole.size() + 8));
    archive_entry_sparse_add_entry(entry, 0, 4);
    archive_entry_sparse_add_entry(entry, static_cast<la_int64_t>(hole.size()) + 4, 4);
    EXPECT_GE(archive_write_header(a, entry), ARCHIVE_WARN);
    const std::string text = "head" + hole + "tail";  // the writer leaves the hole out
    archive_write_data(a, text.data(), text.size());
    archive_entry_free(entry);
  };
  const std::string path =
      Write("sparse.tar", archive_write_set_format_pax, archive_write_add_filter_none, fill);
  ASSERT_LT(fs::file_size(path), 100'000u);
  const std::vector<Member> members = ReadAll(path);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].text, "headtail");
}

TEST_F(ArchiveReaderTest, TornFiles) {
  const std::string text = ManyLines(300'000);
  const std::string whole =
      Write("whole.gz", archive_write_set_format_raw, archive_write_add_filter_gzip,
            [&](archive* a) { Add(a, "x", text); });
  fs::resize_file(whole, fs::file_size(whole) / 2);
  std::vector<Member> members = ReadAll(whole);
  ASSERT_EQ(members.size(), 2u);
  EXPECT_GT(members[0].text.size(), 50'000u);
  EXPECT_TRUE(text.starts_with(members[0].text));
  EXPECT_EQ(members[1].name, "error");
  EXPECT_THAT(members[1].text, HasSubstr("cannot read " + whole + ": truncated gzip input"));

  const std::string tar =
      Write("torn.tar", archive_write_set_format_ustar, archive_write_add_filter_none,
            [&](archive* a) { Add(a, "1", text), Add(a, "2", text); });
  fs::resize_file(tar, 400'000);
  members = ReadAll(tar);
  ASSERT_EQ(members.size(), 3u);
  EXPECT_TRUE(members[0].text == text);
  EXPECT_EQ(members[2].name, "error");
}

TEST_F(ArchiveReaderTest, WhatCannotBeOpened) {
  EXPECT_EQ(ArchiveReader::Open(root_ + "nothing").error().message,
            "cannot open " + root_ + "nothing: No such file or directory");
  EXPECT_EQ(ArchiveReader::Open(root_ + "nothing").error().code, ENOENT);
  EXPECT_EQ(ArchiveReader::Open(root_).error().message,
            "cannot read " + root_ + ": Is a directory");
}

TEST_F(ArchiveReaderTest, StandardInput) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  ASSERT_EQ(write(pipe_ends[1], "from a pipe\n", 12), 12);
  close(pipe_ends[1]);
  const int saved = dup(STDIN_FILENO);
  dup2(pipe_ends[0], STDIN_FILENO);
  const std::vector<Member> members = ReadAll("-");
  EXPECT_NE(fcntl(STDIN_FILENO, F_GETFD), -1);  // not ours to close
  dup2(saved, STDIN_FILENO);
  close(saved);
  close(pipe_ends[0]);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].name, "-");
  EXPECT_EQ(members[0].text, "from a pipe\n");
  EXPECT_EQ(FromMicros(members[0].mtime_us), kNoTime);
}

}  // namespace
}  // namespace alogd
