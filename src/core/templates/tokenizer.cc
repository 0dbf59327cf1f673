// SPDX-License-Identifier: MIT
// Masks a message: one pass over its bytes that leaves the constant tokens and puts <*> for
// variables.
#include "core/templates/tokenizer.h"

#include <utility>

#include "core/templates/masked_text.h"
#include "core/templates/masking.h"
#include "core/templates/masks.h"
#include "core/templates/user_masks.h"
#include "core/templates/words.h"

namespace alogd {

struct Tokenizer::Impl {
  WordMasks masks;
  uint32_t max_tokens;
  UserMasks user;
  std::unique_ptr<char[]> out = std::make_unique<char[]>(kMaxMasked + MaskedText::kSlack);
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::Create(const MaskOptions& options, uint32_t max_tokens) {
  Result<UserMasks> user = UserMasks::Create(options.user);
  if (!user) return user.error();
  return Tokenizer(std::make_unique<Impl>(
      Impl{.masks = WordMasks(options), .max_tokens = max_tokens, .user = std::move(*user)}));
}

std::string_view Tokenizer::Mask(std::string_view message) {
  Impl& impl = *impl_;
  message = TrimEnd(message);
  if (message.size() > 1 && IsMissingWord(message)) return kWildcard;  // a value is all it says
  Masking masking(impl.masks, impl.max_tokens, message, impl.out.get());
  return masking.Run(impl.user.Find(message));
}

}  // namespace alogd
