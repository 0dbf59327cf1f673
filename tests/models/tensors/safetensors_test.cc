// SPDX-License-Identifier: MIT
// The safetensors reader and writer against the published format and against hostile files.
#include "models/tensors/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace alogd {
namespace {

constexpr size_t kLimit = 1 << 20;

std::string File(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

std::string ErrorOf(const std::string& bytes, size_t limit = kLimit) {
  const Result<TensorMap> result = ParseTensors(bytes, limit);
  return result ? "accepted" : result.error().message;
}

TensorMap Sample() {
  return {{"bias", {{3}, {1.5f, -2.0f, 0.0f}}},
          {"empty", {{0, 4}, {}}},
          {"scalar", {{}, {7.0f}}},
          {"weights", {{2, 3}, {1, 2, 3, 4, 5, 6}}}};
}

TEST(SafetensorsTest, RoundTrip) {
  const std::string bytes = SerializeTensors(Sample());
  const Result<TensorMap> read = ParseTensors(bytes, kLimit);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 4u);
  for (const auto& [name, tensor] : Sample()) {
    EXPECT_EQ(read->at(name).shape, tensor.shape) << name;
    EXPECT_EQ(read->at(name).data, tensor.data) << name;
  }
  EXPECT_EQ(SerializeTensors(*read), bytes);
}

// Written by hand from the format's description, as another program would write it.
TEST(SafetensorsTest, FileOfAnotherProgram) {
  const float data[3] = {1.0f, -0.5f, 8.0f};
  const Result<TensorMap> read = ParseTensors(
      File(
          R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]},)"
          R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  )",
          std::string(reinterpret_cast<const char*>(data), 12)),
      kLimit);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->at("a").data, (std::vector<float>{1.0f, -0.5f}));
  EXPECT_EQ(read->at("b").shape, (std::vector<size_t>{1, 1}));
}

TEST(SafetensorsTest, DataIsAligned) {
  const std::string bytes = SerializeTensors(Sample());
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
}

TEST(SafetensorsTest, LengthsBeyondTheFile) {
  EXPECT_NE(ErrorOf(""), "accepted");
  EXPECT_NE(ErrorOf("1234567"), "accepted");
  EXPECT_NE(ErrorOf(std::string(8, '\xff')), "accepted");
  EXPECT_NE(ErrorOf(SerializeTensors(Sample()), 10).find("over the limit of 10"),
            std::string::npos);
}

TEST(SafetensorsTest, MalformedHeaders) {
  EXPECT_NE(ErrorOf(File("[]", "")), "accepted");
  EXPECT_NE(ErrorOf(File("{", "")), "accepted");
  EXPECT_NE(ErrorOf(File(std::string(100'000, '['), "")), "accepted");
  EXPECT_NE(ErrorOf(File(R"({"a":1})", "")), "accepted");
  EXPECT_NE(ErrorOf(File(R"({"a":{"dtype":"F32","shape":[1]}})", "1234")), "accepted");
  EXPECT_NE(ErrorOf(File(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", "1234"))
                .find("only F32"),
            std::string::npos);
  EXPECT_NE(ErrorOf(File(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "1234")),
            "accepted");
  EXPECT_NE(ErrorOf(File(R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", "1234")),
            "accepted");
}

// 2^62 * 4 bytes is 0 in 64 bits; and a product that only overflows on its way.
TEST(SafetensorsTest, ShapesThatOverflow) {
  const char* shapes[] = {"[4611686018427387904]", "[4294967296,4294967296]",
                          "[18446744073709551615]", "[0,18446744073709551615]",
                          "[1,1,1,1,1,1,1,1,1]"};
  for (const char* shape : shapes) {
    const std::string header =
        std::string(R"({"a":{"dtype":"F32","shape":)") + shape + R"(,"data_offsets":[0,4]}})";
    EXPECT_NE(ErrorOf(File(header, "1234")), "accepted") << shape;
  }
}

TEST(SafetensorsTest, GapsAndOverlaps) {
  const std::string a = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  const auto with = [&](const char* b) {
    return "{" + a + R"(,"b":{"dtype":"F32","shape":[1],)" + b + "}}";
  };
  EXPECT_EQ(ErrorOf(File(with(R"("data_offsets":[4,8])"), std::string(8, '\0'))), "accepted");
  EXPECT_NE(ErrorOf(File(with(R"("data_offsets":[0,4])"), std::string(8, '\0'))), "accepted");
  EXPECT_NE(ErrorOf(File(with(R"("data_offsets":[8,12])"), std::string(12, '\0'))), "accepted");
  EXPECT_NE(ErrorOf(File(with(R"("data_offsets":[8,4])"), std::string(8, '\0'))), "accepted");
  EXPECT_NE(ErrorOf(File("{" + a + "}", std::string(8, '\0'))), "accepted");
}

TEST(SafetensorsTest, ValuesThatAreNotFinite) {
  for (const float v : {std::numeric_limits<float>::infinity(), std::nanf("")})
    EXPECT_NE(ErrorOf(SerializeTensors({{"a", {{1}, {v}}}})).find("not finite"), std::string::npos);
}

// No flip or cut may crash; a cut is always noticed.
TEST(SafetensorsTest, DamagedFiles) {
  const std::string bytes = SerializeTensors(Sample());
  for (size_t n = 0; n < bytes.size(); ++n) EXPECT_NE(ErrorOf(bytes.substr(0, n)), "accepted") << n;
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = bytes;
    for (int k = 0; k < 3; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    const Result<TensorMap> result = ParseTensors(damaged, kLimit);
    if (!result) continue;
    for (const auto& [name, tensor] : *result) {
      size_t values = 1;
      for (const size_t extent : tensor.shape) values *= extent;
      EXPECT_EQ(values, tensor.data.size());
    }
  }
}

}  // namespace
}  // namespace alogd
