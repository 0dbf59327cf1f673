// SPDX-License-Identifier: MIT
// Tries to open the database until it opens, is found damaged, or patience ends.
#include "daemon/store_opening.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <optional>
#include <thread>
#include <utility>

#include "core/store/rescue.h"

namespace alogd {
namespace {

Result<OpenedStore> OpenOnce(const StoreOpening& opening) {
  Result<Store> store = Store::Open(opening.path, opening.policy, opening.busy);
  if (!store) return store.error();
  OpenedStore opened{std::move(*store), 1, {}};
  const Result<int64_t> file_id = opened.store.NextFileId();
  if (!file_id) return file_id.error();
  opened.next_file_id = *file_id;
  for (const std::string& group : opening.groups) {
    Result<GroupState> state = opened.store.LoadGroup(group);
    if (!state) return state.error().With("group " + group);
    opened.states[group] = std::move(*state);
  }
  return opened;
}

Status SetAside(const StoreOpening& opening) {
  Result<Rescue> rescue = RescueDatabase(opening.path, opening.now());
  if (!rescue) return rescue.error();
  opening.tell(rescue->Describe(opening.path));
  return {};
}

bool IsLock(const Error& error) { return error.code == SQLITE_BUSY || error.code == SQLITE_LOCKED; }

}  // namespace

Result<OpenedStore> OpenStore(const StoreOpening& opening) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point until = Clock::now() + opening.patience;
  bool told_of_lock = false;
  bool rescued = false;
  if (opening.damaged) {
    if (Status status = SetAside(opening); !status) return status.error();
    rescued = true;
  }
  for (;;) {
    Result<OpenedStore> opened = OpenOnce(opening);
    if (opened) return opened;
    if (IsDamage(opened.error()) && !std::exchange(rescued, true)) {
      if (Status status = SetAside(opening); !status) {
        return status.error().With(opened.error().message);
      }
      continue;
    }
    if (!IsLock(opened.error()) || Clock::now() >= until) return opened;
    if (!std::exchange(told_of_lock, true)) {
      opening.tell(fmt::format("{}; it is tried again for {} s", opened.error().message,
                               opening.patience.count()));
    }
    std::this_thread::sleep_for(opening.busy);
  }
}

}  // namespace alogd
