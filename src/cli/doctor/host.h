// SPDX-License-Identifier: MIT
// The host as doctor sees it: its files under a root, and what only system calls tell.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/types.h"

namespace alogd {

// Who the daemon runs as, and so what it may read.
struct Account {
  std::string name;
  uid_t uid = 0;
  std::vector<gid_t> groups;
  bool reads_everything = false;  // CAP_DAC_READ_SEARCH, or root
};

struct DiskSpace {
  uint64_t bytes = 0, free_bytes = 0;  // for others than root
  uint64_t inodes = 0, free_inodes = 0;
};

// Where the operating system begins: a test answers for it.
class Host {
 public:
  // Files of the system (/etc, /proc, /run, /var/log/journal) are looked for below `root`; those of
  // alogd's configuration, which names whole paths, are not.
  explicit Host(std::string root) : root_(std::move(root)) {}
  virtual ~Host() = default;

  std::string Path(const std::string& path) const { return root_ + path; }
  // The text of a small file; nothing if it is not there or cannot be read.
  std::optional<std::string> Read(const std::string& path) const;
  bool Exists(const std::string& path) const;
  // Whole paths of the files in a directory whose names end so, sorted; the later of two
  // directories shadows the earlier, as systemd has it.
  std::vector<std::string> List(const std::string& directory, const std::string& suffix) const;

  virtual Time Now() const;
  virtual std::optional<DiskSpace> Space(const std::string& path) const;
  virtual bool ClockSynchronised() const;
  // The daemon's answer to `status`.
  virtual Result<nlohmann::json> DaemonStatus(const std::string& socket) const;

 private:
  std::string root_;
};

// The account of the service as its unit and drop-ins set it; nothing if there is no such user.
std::optional<Account> ServiceAccount(const Host& host);

// What is set for a key in a section of the unit and its drop-ins, in the order in which systemd
// reads them.
struct UnitSetting {
  std::string file, section, key, value;
  bool drop_in = false;
};
std::vector<UnitSetting> UnitSettings(const Host& host, const std::string& unit);

// Why the account may not read the file: the path (it or a directory above it) and what it lacks;
// nothing if it may. Permission bits and POSIX access lists count.
struct Refusal {
  std::string path;
  bool directory = false;
};
std::optional<Refusal> WhyUnreadable(const Account& account, const std::string& path);

}  // namespace alogd
