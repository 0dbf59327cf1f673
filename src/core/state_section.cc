// SPDX-License-Identifier: MIT
// Frames sections, and finds those that are damaged.
#include "core/state_section.h"

#include <xxhash.h>

namespace alogd {
namespace {

uint32_t ChecksumOf(std::string_view name, uint64_t tag, std::string_view body) {
  const uint64_t seed = XXH3_64bits_withSeed(name.data(), name.size(), tag);
  return static_cast<uint32_t>(XXH3_64bits_withSeed(body.data(), body.size(), seed));
}

void PutChecksum(uint32_t checksum, StateWriter& out) {
  for (int shift = 0; shift < 32; shift += 8) out.U8(static_cast<uint8_t>(checksum >> shift));
}

uint32_t TakeChecksum(StateReader& in) {
  uint32_t checksum = 0;
  for (int shift = 0; shift < 32; shift += 8) checksum |= uint32_t{in.U8()} << shift;
  return checksum;
}

}  // namespace

StateSectionWriter::StateSectionWriter(std::string* blob) : out_(blob) { out_.U8(kStateFormat); }

void StateSectionWriter::Add(std::string_view name, uint32_t version, bool whole,
                             std::string_view body) {
  const uint64_t tag = (uint64_t{version} << 1) | (whole ? 1 : 0);
  out_.Bytes(name);
  out_.U64(tag);
  PutChecksum(ChecksumOf(name, tag, body), out_);
  out_.Bytes(body);
}

StateSectionReader::StateSectionReader(std::string_view blob) : in_(blob) {
  if (in_.U8() != kStateFormat) in_.Fail();
}

bool StateSectionReader::Next(StateSection* section) {
  section->name = in_.Bytes();
  if (section->name.empty()) {
    complete_ = in_.ok() && in_.at_end();
    in_.Fail();
    return false;
  }
  const uint64_t tag = in_.U64();
  const uint32_t checksum = TakeChecksum(in_);
  section->body = in_.Bytes();
  if (!in_.ok()) return false;
  section->version = static_cast<uint32_t>(tag >> 1);
  section->whole = (tag & 1) != 0;
  section->intact = (tag >> 33) == 0 && checksum == ChecksumOf(section->name, tag, section->body);
  return true;
}

}  // namespace alogd
