// SPDX-License-Identifier: MIT
// SHA-256 by libgcrypt, which Debian has on every machine for systemd's sake.
#include "models/bundle/sha256.h"

#include <gcrypt.h>

#include <array>

namespace alogd {
namespace {

// gcrypt wants its version checked before anything else; once is enough and a static is thread
// safe.
void Initialise() {
  static const bool done = [] {
    if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
      gcry_check_version(nullptr);
      gcry_control(GCRYCTL_DISABLE_SECMEM, 0);  // nothing here is secret
      gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

std::string Sha256(std::string_view bytes) {
  Initialise();
  std::array<unsigned char, 32> digest{};
  gcry_md_hash_buffer(GCRY_MD_SHA256, digest.data(), bytes.data(), bytes.size());
  std::string digits;
  for (const unsigned char byte : digest) {
    digits += "0123456789abcdef"[byte >> 4];
    digits += "0123456789abcdef"[byte & 15];
  }
  return digits;
}

}  // namespace alogd
