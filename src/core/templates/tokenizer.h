// SPDX-License-Identifier: MIT
// Masks a message: one pass over its bytes that leaves the constant tokens and puts <*> for
// variables.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace alogd {

// Which parts of a token are variables whatever stands there; each can be switched off.
struct MaskOptions {
  bool paths = true, hex = true, ips = true, mac = true, uuid = true, pid = true, device = true,
       num = true;
  // RE2; what matches becomes one variable before tokens are cut.
  std::vector<std::string> user;
};

inline constexpr std::string_view kWildcard = "<*>";

// A masked message is the text of its template before anything was learnt: the constant bytes as
// they stand, `<*>` for each variable, at most kMaxMasked bytes. It is valid UTF-8 without control
// characters but tabs, and `<*>` in it is always a variable, so a template's text alone says all
// about it.
inline constexpr size_t kMaxMasked = 4096;

// Blanks at the end of a message say nothing: no template has them.
inline std::string_view TrimEnd(std::string_view message) {
  const size_t last = message.find_last_not_of(" \t");
  return message.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

class Tokenizer {
 public:
  // Fails for a user mask that RE2 refuses. Behind `max_tokens` all is one variable.
  static Result<Tokenizer> Create(const MaskOptions& options, uint32_t max_tokens);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Putting the right strings for the <*> of the result gives TrimEnd(message) back. Valid until
  // the next call. Linear in the message's length.
  std::string_view Mask(std::string_view message);

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
