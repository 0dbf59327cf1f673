// SPDX-License-Identifier: MIT
// Whether a sanitizer of memory or threads is at work, which takes memory and speed itself.
#pragma once

// g++ says it by the first two, clang by the others.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ALOGD_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ALOGD_SANITIZED true
#endif
#endif
#ifndef ALOGD_SANITIZED
#define ALOGD_SANITIZED false
#endif

namespace alogd {

inline constexpr bool kSanitized = ALOGD_SANITIZED;

}  // namespace alogd
#undef ALOGD_SANITIZED
