// SPDX-License-Identifier: MIT
// Online template mining: messages in, TemplateIds out, starting from Drain (He et al., ICWS 2017).
#include "core/drain.h"

#include <algorithm>
#include <utility>

#include "core/drain_impl.h"

namespace alogd {

Drain::Drain(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Drain::Drain(Drain&&) noexcept = default;
Drain& Drain::operator=(Drain&&) noexcept = default;
Drain::~Drain() = default;

Result<Drain> Drain::Create(const DrainOptions& options, Catalog* catalog) {
  Result<Tokenizer> tokenizer = Tokenizer::Create(options.masks, options.max_tokens);
  if (!tokenizer) return tokenizer.error();
  return Drain(std::make_unique<Impl>(options, catalog, std::move(*tokenizer)));
}

Drain::Match Drain::Add(std::string_view message, Time now) {
  const bool has_skeleton = impl_->use_skeleton && impl_->skeleton.Build(message);
  return impl_->exact.Add(has_skeleton ? impl_->skeleton.bytes() : std::string_view{}, now,
                          [&] { return impl_->tokenizer.Mask(message); });
}

TemplateId Drain::Find(std::string_view message) {
  return impl_->exact.Find(impl_->tokenizer.Mask(message));
}

TemplateId Drain::AddTrained(std::string_view text, Time now) {
  return impl_->exact.AddTrained(text, now);
}

std::string_view Drain::Masked(std::string_view message) { return impl_->tokenizer.Mask(message); }

uint64_t Drain::evicted() const { return impl_->exact.evicted(); }
void Drain::Save(StateWriter& out) const { impl_->exact.Save(out); }
bool Drain::Load(StateReader& in) { return impl_->exact.Load(in); }
void Drain::SaveChanges(StateWriter& out) { impl_->exact.SaveChanges(out); }
bool Drain::ApplyChanges(StateReader& in) { return impl_->exact.ApplyChanges(in); }

}  // namespace alogd
