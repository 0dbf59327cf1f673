// SPDX-License-Identifier: MIT
// Opening the database at start: locks waited for, damage set aside, the groups' state read.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/result.h"
#include "core/store/store.h"

namespace alogd {

struct OpenedStore {
  Store store;
  int64_t next_file_id = 1;
  std::map<std::string, GroupState> states;  // by group of the configuration
};

struct StoreOpening {
  std::string path;
  StorePolicy policy;
  std::vector<std::string> groups;
  bool damaged = false;                 // known already: it may open and fail only later
  std::chrono::milliseconds busy{250};  // a statement's wait for a lock, then and later
  std::chrono::seconds patience{60};    // how long another program's lock is waited for in all
  std::function<Time()> now;
  std::function<void(const std::string&)> tell;  // what an operator must hear of
};

// A database that is damaged is set aside once, see core/store/rescue.h; every other error is given
// back.
Result<OpenedStore> OpenStore(const StoreOpening& opening);

}  // namespace alogd
