// SPDX-License-Identifier: MIT
// Finds the configuration's files, refuses those that strangers may write, and merges them.
#include "core/config/config.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "core/config/config_check.h"
#include "core/config/config_reader.h"
#include "core/config/config_schema.h"
#include "core/config/named_rules.h"
#include "core/detection/online_detectors.h"

namespace alogd {
namespace {

constexpr size_t kMaxFiles = 1000;  // in conf.d, or in rules.d

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Error NotOurs(const std::string& path, const struct stat& info) {
  return Error{
      fmt::format("others than its owner may write it (mode {:04o}), and with it decide what alogd "
                  "reads; run: chmod go-w {}",
                  info.st_mode & 07777u, path)};
}

Error CannotOpen(const std::string& path, int err) {
  Error error = ErrnoError("cannot open", path, err);
  if (err == EACCES) error.message += "; run this as root, or as a member of the file's group";
  if (err == ENOENT) error.message += "; name the configuration with --config FILE";
  return error;
}

Result<std::string> ReadAll(int fd, const std::string& path) {
  std::string text(kMaxYamlBytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = read(fd, text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("cannot read", path, errno);
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  text.resize(size);
  return text;
}

// The file's text. Permissions are those of the open file, so that nobody can swap it in between;
// opening does not wait for a writer, should it be a pipe.
Result<std::string> ReadTrusted(const std::string& path) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return CannotOpen(path, errno);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return ErrnoError("cannot stat", path, errno);
  if (!S_ISREG(info.st_mode)) return Error{"not a regular file; name one"};
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return NotOurs(path, info);
  return ReadAll(fd.get(), path);
}

// The names in conf.d or rules.d, in order. Hidden ones are editors' leftovers.
Result<std::vector<std::string>> ListYaml(const std::string& directory,
                                          std::vector<std::string>* odd) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(directory.c_str()), closedir);
  if (dir == nullptr && errno == ENOENT) return names;
  if (dir == nullptr) return ErrnoError("cannot read", directory, errno);
  struct stat info {};
  if (fstat(dirfd(dir.get()), &info) == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return NotOurs(directory, info);
  while (const dirent* entry = readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (name.starts_with('.')) continue;
    if (name.ends_with(".yaml")) names.push_back(name);
    if (name.ends_with(".yml")) odd->push_back(name);
    if (names.size() > kMaxFiles)
      return Error{fmt::format("more than {} files; join some", kMaxFiles)};
  }
  std::ranges::sort(names);
  std::ranges::sort(*odd);
  return names;
}

class Loader {
 public:
  explicit Loader(DetectorList detectors) { loaded_.detectors = detectors; }

  void AddText(const std::string& name, std::string_view text) {
    notes_.files.push_back(name);
    YamlNode root;
    const YamlError error = ParseYaml(text, &root);
    if (!error.message.empty()) {
      complete_ = false;
      return notes_.Add({notes_.files.size() - 1, error.line, error.column}, error.message);
    }
    ConfigReader reader(root, &notes_);
    if (shipped_) return reader.Root([&] { DescribeRules(reader, loaded_.config.rules); });
    reader.Root([&] { DescribeConfig(reader, loaded_.detectors, loaded_.config); });
    own_rules_ = loaded_.config.rules.size();
  }

  void AddFile(const std::string& path, bool must_exist) {
    const Result<std::string> text = ReadTrusted(path);
    if (text) return AddText(path, *text);
    if (text.error().code == ENOENT && !must_exist) return;
    AddProblem(path, text.error().message);
  }

  // The files that follow hold rules and nothing else, which come behind the operator's own.
  void AddRulesD(const std::string& directory) {
    shipped_ = true;
    AddDirectory(directory);
  }

  void AddDirectory(const std::string& directory) {
    std::vector<std::string> odd;
    const Result<std::vector<std::string>> names = ListYaml(directory, &odd);
    if (!names) return AddProblem(directory, names.error().message);
    for (const std::string& name : odd)
      AddProblem(directory + "/" + name,
                 "not read, because its name does not end in .yaml; rename it", true);
    for (const std::string& name : *names) AddFile(directory + "/" + name, false);
  }

  LoadedConfig Finish() {
    if (notes_.files.empty()) notes_.files.emplace_back("(defaults)");
    MergeNamedRules(&loaded_.config.rules, own_rules_, &notes_);
    CompleteConfig(loaded_.detectors, &loaded_.config);
    // With a file left out, values would be missing that are not missing.
    if (complete_) CheckConfig(loaded_.config, loaded_.detectors, &notes_);
    std::ranges::stable_sort(notes_.problems, {}, [](const auto& p) { return p.first; });
    for (auto& [mark, problem] : notes_.problems) loaded_.problems.push_back(std::move(problem));
    for (const auto& [key, mark] : notes_.marks)
      loaded_.origins[key] = fmt::format("{}:{}", notes_.files[mark.file], mark.line);
    return std::move(loaded_);
  }

 private:
  void AddProblem(const std::string& path, const std::string& message, bool warning = false) {
    complete_ = complete_ && warning;
    notes_.files.push_back(path);
    notes_.Add({notes_.files.size() - 1, 1, 1}, message, warning);
  }

  LoadedConfig loaded_;
  ConfigNotes notes_;
  size_t own_rules_ = 0;  // of the configuration; behind them stand those of rules.d
  bool shipped_ = false;  // rules.d is being read
  bool complete_ = true;  // every file was read
};

}  // namespace

std::string Config::ControlPath() const {
  return control_socket.empty() ? state_dir + "/control.sock" : control_socket;
}

LoadedConfig LoadConfig(const std::string& path, bool must_exist, DetectorList detectors) {
  Loader loader(detectors);
  loader.AddFile(path, must_exist);
  const size_t slash = path.rfind('/');
  const std::string beside = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  loader.AddDirectory(beside + "conf.d");
  loader.AddRulesD(beside + "rules.d");
  return loader.Finish();
}

LoadedConfig ParseConfig(std::string_view yaml, const std::string& name, DetectorList detectors) {
  Loader loader(detectors);
  loader.AddText(name, yaml);
  return loader.Finish();
}

LoadedConfig ParseConfig(std::string_view yaml, const std::string& name) {
  return ParseConfig(yaml, name, OnlineDetectors());
}

}  // namespace alogd
