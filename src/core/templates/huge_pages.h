// SPDX-License-Identifier: MIT
// An allocator that asks for huge pages: tables of the hot path that are looked up at random.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace alogd {

// Blocks of at least one huge page begin at one and are advised to be of them (madvise(2)); where
// the kernel has none to give they are as any other. With 4 KiB pages each look into a table of 32
// MiB misses the address translation as well as the cache.
template <typename T>
class HugePageAllocator {
 public:
  using value_type = T;
  static constexpr size_t kHugePage = size_t{2} << 20;

  HugePageAllocator() = default;
  template <typename U>
  HugePageAllocator(const HugePageAllocator<U>&) {}  // NOLINT(google-explicit-constructor)

  T* allocate(size_t n) {
    if (n > SIZE_MAX / 2 / sizeof(T)) throw std::bad_alloc();
    const size_t bytes = n * sizeof(T);
    if (bytes < kHugePage) return static_cast<T*>(::operator new(bytes, kAlignment));
    const size_t rounded = (bytes + kHugePage - 1) / kHugePage * kHugePage;
    void* const block = std::aligned_alloc(kHugePage, rounded);
    if (block == nullptr) throw std::bad_alloc();
    madvise(block, rounded, MADV_HUGEPAGE);
    return static_cast<T*>(block);
  }
  void deallocate(T* block, size_t n) {
    if (n * sizeof(T) < kHugePage) return ::operator delete(block, kAlignment);
    std::free(block);
  }

  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }

 private:
  static constexpr std::align_val_t kAlignment{alignof(T) > __STDCPP_DEFAULT_NEW_ALIGNMENT__
                                                   ? alignof(T)
                                                   : __STDCPP_DEFAULT_NEW_ALIGNMENT__};
};

}  // namespace alogd
