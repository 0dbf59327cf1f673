// SPDX-License-Identifier: MIT
// What a detector says of its section of the configuration: its keys, and the checks across them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config_values.h"

namespace alogd {

// Visits the keys of a detector's section; see the visitors of config_schema.h. An interface where
// those are templates, so that a detector's own folder can describe its options: these kinds do.
class OptionVisitor {
 public:
  OptionVisitor() = default;
  OptionVisitor(const OptionVisitor&) = delete;
  OptionVisitor& operator=(const OptionVisitor&) = delete;
  virtual ~OptionVisitor() = default;

  virtual void Key(std::string_view name, bool* value, const FlagValue& kind) = 0;
  virtual void Key(std::string_view name, uint32_t* value, const CountValue& kind) = 0;
  virtual void Key(std::string_view name, uint32_t* value, const AutoCountValue& kind) = 0;
  virtual void Key(std::string_view name, double* value, const NumberValue& kind) = 0;
  virtual void Key(std::string_view name, Duration* value, const DurationValue& kind) = 0;
  virtual void Key(std::string_view name, std::string* value, const TextValue& kind) = 0;
  virtual void Key(std::string_view name, std::optional<double>* value,
                   const AutoNumberValue& kind) = 0;
  virtual void Key(std::string_view name, std::vector<uint32_t>* values,
                   const ListValue<CountValue>& kind) = 0;
};

// Any visitor of config_schema.h as an OptionVisitor. It outlives this.
template <typename V>
class OptionVisitorOf final : public OptionVisitor {
 public:
  explicit OptionVisitorOf(V* visitor) : v_(*visitor) {}

  void Key(std::string_view n, bool* v, const FlagValue& k) override { v_.Key(n, v, k); }
  void Key(std::string_view n, uint32_t* v, const CountValue& k) override { v_.Key(n, v, k); }
  void Key(std::string_view n, uint32_t* v, const AutoCountValue& k) override { v_.Key(n, v, k); }
  void Key(std::string_view n, double* v, const NumberValue& k) override { v_.Key(n, v, k); }
  void Key(std::string_view n, Duration* v, const DurationValue& k) override { v_.Key(n, v, k); }
  void Key(std::string_view n, std::string* v, const TextValue& k) override { v_.Key(n, v, k); }
  void Key(std::string_view n, std::optional<double>* v, const AutoNumberValue& k) override {
    v_.Key(n, v, k);
  }
  void Key(std::string_view n, std::vector<uint32_t>* v, const ListValue<CountValue>& k) override {
    v_.Key(n, v, k);
  }

 private:
  V& v_;
};

struct ConfigNotes;

// Where a detector reports what does not fit together in its section. Keys are those of the
// section.
class SectionChecks {
 public:
  // `path`: of the section, "groups.0.detectors.NAME". `notes` outlives this.
  SectionChecks(std::string path, ConfigNotes* notes) : path_(std::move(path)), notes_(notes) {}

  const std::string& path() const { return path_; }
  bool Given(std::string_view key) const;  // somebody wrote it
  void Error(std::string_view key, const std::string& message);
  void Warn(std::string_view key, const std::string& message);
  // Windows that lie apart would leave records between them out.
  void Stride(uint32_t window, uint32_t stride);

 private:
  std::string Key(std::string_view key) const { return path_ + "." + std::string(key); }

  std::string path_;
  ConfigNotes* notes_;
};

}  // namespace alogd
