// SPDX-License-Identifier: MIT
// Result<T>: a value, or an error that names what failed, where, and the way out.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace alogd {

// What went wrong, as one sentence for a person: the thing (path, line, key), the cause (errno or
// SQLite text) and what to do about it. `code` is the errno or SQLite code, 0 where there is none.
struct Error {
  std::string message;
  int code = 0;

  // "context: message", for callers that know more about where it happened.
  [[nodiscard]] Error With(std::string_view context) const {
    return Error{std::string(context) + ": " + message, code};
  }
};

// "what PATH: strerror(err)" with err as the code.
[[nodiscard]] Error ErrnoError(std::string_view what, std::string_view path, int err);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return assert(ok()), std::get<0>(state_); }
  const T& value() const& { return assert(ok()), std::get<0>(state_); }
  T&& value() && { return assert(ok()), std::get<0>(std::move(state_)); }
  const Error& error() const { return assert(!ok()), std::get<1>(state_); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Error> state_;
};

// A Result without a value: `return {};` is success.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return assert(!ok()), *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace alogd
