// SPDX-License-Identifier: MIT
// Online template mining: messages in, TemplateIds out, starting from Drain (He et al., ICWS 2017).
#include "core/templates/drain.h"

#include <algorithm>
#include <utility>

#include "core/templates/drain_impl.h"

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

void Drain::Prepare(std::string_view message) {
  Impl& impl = *impl_;
  impl.prepared = message;
  impl.has_skeleton = impl.use_skeleton && impl.skeleton.Build(TrimEnd(message));
  if (!impl.has_skeleton) return;
  impl.hash = TemplateIndex::HashText(impl.skeleton.bytes());
  impl.exact.Prefetch(impl.hash);
}

Drain::Match Drain::Add(std::string_view message, Time now) {
  Impl& impl = *impl_;
  if (impl.classic) return impl.classic->Add(impl.tokenizer.Mask(message), now);
  if (impl.prepared.data() != message.data() || impl.prepared.size() != message.size())
    Prepare(message);
  impl.prepared = {};  // the next message may stand in the same place
  return impl.exact.Add(impl.has_skeleton ? impl.skeleton.bytes() : std::string_view{}, impl.hash,
                        now, [&] { return impl.tokenizer.Mask(message); });
}

TemplateId Drain::Find(std::string_view message) {
  const std::string_view key = impl_->tokenizer.Mask(message);
  return impl_->classic ? impl_->classic->Find(key) : impl_->exact.Find(key);
}

TemplateId Drain::AddTrained(std::string_view text, Time now) {
  return impl_->classic ? impl_->classic->AddTrained(text, now)
                        : impl_->exact.AddTrained(text, now);
}

void Drain::Unite(TemplateId id, TemplateId right) {
  if (!impl_->classic) impl_->exact.Unite(id, right);
}

std::string_view Drain::Masked(std::string_view message) { return impl_->tokenizer.Mask(message); }

uint64_t Drain::evicted() const {
  return impl_->classic ? impl_->classic->evicted() : impl_->exact.evicted();
}

void Drain::Save(StateWriter& out) const {
  impl_->classic ? impl_->classic->Save(out) : impl_->exact.Save(out);
}

bool Drain::Load(StateReader& in) {
  return impl_->classic ? impl_->classic->Load(in) : impl_->exact.Load(in);
}

void Drain::SaveChanges(StateWriter& out) {
  impl_->classic ? impl_->classic->SaveChanges(out) : impl_->exact.SaveChanges(out);
}

bool Drain::ApplyChanges(StateReader& in) {
  return impl_->classic ? impl_->classic->ApplyChanges(in) : impl_->exact.ApplyChanges(in);
}

}  // namespace alogd
