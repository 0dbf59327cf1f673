// SPDX-License-Identifier: MIT
// The database's tables and kept views, and how an older file becomes one of this version.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"
#include "core/store/sqlite.h"

namespace alogd {

// PRAGMA user_version of a database that this program writes.
inline constexpr int64_t kSchemaVersion = 2;
// PRAGMA application_id, so that `file` and we tell our databases from others: "alog".
inline constexpr int64_t kApplicationId = 0x616c6f67;

// Makes an empty file a database, brings an older one up, refuses a newer or a foreign one. What is
// brought up is copied before, whole, to "PATH.schema-N", N being its version; that file is the
// operator's to delete.
Status PrepareSchema(Database* db);
// The same with other steps than this version's, for tests: migrations[n] makes version n + 1 of
// version n.
Status PrepareSchema(Database* db, std::span<const char* const> migrations);
// For readers: refuses whatever PrepareSchema would have to change.
Status CheckSchema(Database* db);

}  // namespace alogd
