// SPDX-License-Identifier: MIT
// Options of detectors whose types only their own folders know, kept with the group's others.
#pragma once

#include <map>
#include <memory>
#include <typeindex>
#include <utility>

namespace alogd {

// At most one value of each type; a value like the others of GroupConfig: copied whole, compared by
// content. T is default-constructible, copyable and has ==.
class DetectorSections {
 public:
  DetectorSections() = default;
  DetectorSections(const DetectorSections& other) { *this = other; }
  DetectorSections(DetectorSections&&) = default;
  DetectorSections& operator=(const DetectorSections& other) {
    std::map<std::type_index, std::unique_ptr<Section>> copies;
    for (const auto& [type, section] : other.sections_) copies.emplace(type, section->Copy());
    sections_ = std::move(copies);
    return *this;
  }
  DetectorSections& operator=(DetectorSections&&) = default;
  ~DetectorSections() = default;

  // The defaults where nothing was set. Valid until the next change.
  template <typename T>
  const T& Get() const {
    static const T defaults{};
    const auto it = sections_.find(typeid(T));
    return it == sections_.end() ? defaults : static_cast<const Of<T>&>(*it->second).value;
  }
  template <typename T>
  T& Get() {
    std::unique_ptr<Section>& section = sections_[typeid(T)];
    if (!section) section = std::make_unique<Of<T>>();
    return static_cast<Of<T>&>(*section).value;
  }

  bool operator==(const DetectorSections& other) const {
    if (sections_.size() != other.sections_.size()) return false;
    for (const auto& [type, section] : sections_) {
      const auto it = other.sections_.find(type);
      if (it == other.sections_.end() || !section->Equals(*it->second)) return false;
    }
    return true;
  }

 private:
  struct Section {
    Section() = default;
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;
    virtual ~Section() = default;
    virtual std::unique_ptr<Section> Copy() const = 0;
    virtual bool Equals(const Section& other) const = 0;  // of the same type
  };
  template <typename T>
  struct Of final : Section {
    T value{};
    std::unique_ptr<Section> Copy() const override {
      auto copy = std::make_unique<Of>();
      copy->value = value;
      return copy;
    }
    bool Equals(const Section& other) const override {
      return value == static_cast<const Of&>(other).value;
    }
  };

  std::map<std::type_index, std::unique_ptr<Section>> sections_;
};

}  // namespace alogd
