// SPDX-License-Identifier: MIT
// CRC-32C (Castagnoli, RFC 3720 section 12.1): the chain over a file's raw bytes.
#pragma once

#include <cstdint>
#include <string_view>

namespace alogd {

// The checksum of a text whose start has the checksum `crc` (0: of nothing) followed by `bytes`:
// Crc32c(Crc32c(0, a), b) is that of ab. Uses SSE4.2 where the processor has it.
uint32_t Crc32c(uint32_t crc, std::string_view bytes);

// The same, by table, on every processor; for machines without the instruction and for the test.
uint32_t Crc32cPortable(uint32_t crc, std::string_view bytes);

}  // namespace alogd
