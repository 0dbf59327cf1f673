// SPDX-License-Identifier: MIT
// Whole logs in memory, cut into lines as the daemon cuts them, and what it cost.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include "core/records/line_splitter.h"

namespace alogd::bench {

// The logs that speed is measured on: name and path under the data directory.
inline constexpr std::pair<const char*, const char*> kWholeLogs[] = {
    {"HDFS", "/hdfs_raw/HDFS_20000.log.xz"},
    {"Linux", "/full/Linux.log.xz"},
    {"Apache", "/full/Apache.log.xz"},
    {"Proxifier", "/full/Proxifier.log.xz"},
    {"Hadoop", "/hadoop_full.tar.xz"}};

// CPU time of the process: the machine may be busy with other work.
inline double Seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

inline size_t PeakMiB() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<size_t>(usage.ru_maxrss) / 1024;
}

// A compressed log or an archive of logs, ending in a line end; empty where there is none.
inline std::string ReadWholeLog(const std::string& path) {
  const std::string command =
      (path.ends_with(".tar.xz") ? "tar -xJOf '" : "xz -dc '") + path + "' 2>/dev/null";
  std::string text;
  FILE* const in = popen(command.c_str(), "r");
  if (in == nullptr) return text;
  static char buffer[1 << 16];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, in)) > 0;) text.append(buffer, n);
  pclose(in);
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

inline size_t CountLines(std::string_view text) {
  size_t lines = 0;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end; ++lines, ++at) {
    at = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
    if (at == nullptr) break;
  }
  return lines;
}

// Hands each line to `take`; `offset` is where the text begins, and then where it ends.
template <typename Take>
void ForEachLine(std::string_view text, uint64_t* offset, Take take) {
  LineSplitter splitter(64 * 1024, *offset);
  constexpr size_t kChunk = 256 * 1024;  // as the daemon reads
  for (size_t at = 0; at < text.size(); at += kChunk) {
    splitter.Append(text.substr(at, kChunk));
    for (Line line; splitter.Next(&line);) take(line);
  }
  *offset += text.size();
}

// In a process of its own, so that its peak memory is its own.
template <typename Work>
void Apart(Work work) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    work();
    std::fflush(stdout);
    _exit(0);
  }
  if (child > 0) waitpid(child, nullptr, 0);
}

}  // namespace alogd::bench
