// SPDX-License-Identifier: MIT
// Bundles on disk: written whole, loaded only when everything about them is right.
#include "models/bundle/bundle.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "models/bundle/manifest.h"
#include "models/bundle/sha256.h"
#include "models/training/trainer.h"
#include "testing/models_corpus.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using testing::ServiceCorpus;
using testing::SmallGroup;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
}

class BundleTest : public ::testing::Test {
 protected:
  BundleTest() {
    std::string pattern = ::testing::TempDir() + "alogd-bundle-XXXXXX";
    root_ = mkdtemp(pattern.data());
    models_ = (root_ / "models" / "app").string();
  }
  ~BundleTest() override { fs::remove_all(root_); }

  // Trained once for all tests.
  static const Bundle& Trained() {
    static const Bundle bundle = [] {
      Corpus corpus = ServiceCorpus(2000, 1);
      corpus.records[10].word = 8;
      corpus.golden_lines = {"request 17 started", "cache miss for /index.html",
                             "nothing like any template", "bytes \xff\xfe not UTF-8"};
      Result<Bundle> trained = TrainBundle(corpus, SmallGroup(), {}, nullptr);
      EXPECT_TRUE(trained) << (trained ? "" : trained.error().message);
      trained->log = "trained for a test\n";
      return std::move(*trained);
    }();
    return bundle;
  }
  std::string Write(const std::string& name) {
    Bundle bundle = Trained();
    bundle.name = name;
    const Status status = WriteBundle(bundle, models_, SmallGroup());
    EXPECT_TRUE(status) << (status ? "" : status.error().message);
    return models_ + "/" + name;
  }
  static std::string ErrorOf(const std::string& directory,
                             const GroupConfig& group = SmallGroup()) {
    const Result<Bundle> bundle = LoadBundle(directory, group);
    return bundle ? "accepted" : bundle.error().message;
  }
  static std::vector<std::string> Names(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  // Puts a changed manifest in place with a right checksum.
  static void Reseal(const std::string& directory,
                     const std::function<void(nlohmann::json*)>& change) {
    nlohmann::json manifest = nlohmann::json::parse(ReadFile(directory + "/manifest.json"));
    change(&manifest);
    WriteFile(directory + "/manifest.json", SealManifest(std::move(manifest)));
  }

  fs::path root_;
  std::string models_;
};

TEST_F(BundleTest, RoundTrip) {
  const std::string directory = Write("20261122T013000Z");
  EXPECT_EQ(Names(directory),
            (std::vector<std::string>{"counts.safetensors", "deeplog.safetensors",
                                      "loganomaly.safetensors", "manifest.json",
                                      "pairs.safetensors", "templates.json", "train.log"}));
  EXPECT_EQ(Names(models_), (std::vector<std::string>{"20261122T013000Z"}));  // nothing beside it
  const Result<Bundle> read = LoadBundle(directory, SmallGroup());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "20261122T013000Z");
  EXPECT_EQ(read->vocabulary, Trained().vocabulary);
  EXPECT_EQ(read->counts, Trained().counts);
  EXPECT_EQ(read->rare, Trained().rare);
  for (const auto& [name, tensors] : Trained().tensors)
    EXPECT_EQ(SerializeTensors(read->tensors.at(name)), SerializeTensors(tensors));
  EXPECT_EQ(read->manifest["detectors"], Trained().manifest["detectors"]);
  EXPECT_EQ(ReadFile(directory + "/train.log"), "trained for a test\n");
}

TEST_F(BundleTest, WritableByTheOwnerOnly) {
  const std::string directory = Write("a");
  struct stat info {};
  for (const std::string& name : Names(directory)) {
    ASSERT_EQ(lstat((directory + "/" + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777u, 0640u) << name;
  }
  ASSERT_EQ(lstat(directory.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0022u, 0u);
}

TEST_F(BundleTest, GoldenLinesOfTheParser) {
  const std::string directory = Write("a");
  const nlohmann::json manifest = nlohmann::json::parse(ReadFile(directory + "/manifest.json"));
  const nlohmann::json& lines = manifest["golden"]["lines"];
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], nlohmann::json({"request 17 started", "request <*> started"}));
  EXPECT_EQ(lines[1][1], "cache miss for <*>");
  EXPECT_EQ(lines[2][1], "");
  EXPECT_TRUE(lines[3][0].contains("hex"));
}

// One byte changed anywhere in any file, a file cut anywhere, a file gone: refused, by its name.
TEST_F(BundleTest, DamageIsNoticed) {
  const std::string directory = Write("a");
  std::mt19937 random(1);
  for (const std::string& name : Names(directory)) {
    const fs::path path = fs::path(directory) / name;
    const std::string bytes = ReadFile(path);
    for (int i = 0; i < 25; ++i) {
      std::string damaged = bytes;
      damaged[random() % damaged.size()] ^= static_cast<char>(1 << (random() % 8));
      WriteFile(path, damaged);
      EXPECT_NE(ErrorOf(directory).find(name), std::string::npos) << name;
    }
    for (int i = 0; i < 10; ++i) {
      WriteFile(path, bytes.substr(0, random() % bytes.size()));
      EXPECT_NE(ErrorOf(directory).find(name), std::string::npos) << name;
    }
    fs::remove(path);
    EXPECT_NE(ErrorOf(directory).find(name), std::string::npos) << name;
    WriteFile(path, bytes);
    fs::permissions(path, fs::perms(0640));
  }
  EXPECT_EQ(ErrorOf(directory), "accepted");
}

TEST_F(BundleTest, ForeignManifests) {
  const std::string directory = Write("a");
  const std::string path = directory + "/manifest.json";
  for (const char* text : {"", "{}", "[]", "null", "{\"format\": 1}", "{\"manifest_sha256\": \"",
                           "\x7f"
                           "ELF"}) {
    WriteFile(path, text);
    EXPECT_NE(ErrorOf(directory).find("manifest.json"), std::string::npos) << text;
  }
}

// With a right checksum, as another program or version might write it: every field is still
// checked.
TEST_F(BundleTest, SealedButForeign) {
  const std::string directory = Write("a");
  const std::string good = ReadFile(directory + "/manifest.json");
  const nlohmann::json manifest = nlohmann::json::parse(good);
  const std::vector<nlohmann::json> others = {
      nullptr, 1, -1, "x", nlohmann::json::array(), nlohmann::json::object(), {{"a", 1}}, {1, 2}};
  std::vector<std::string> needed = {"/format",
                                     "/parser",
                                     "/parser_options",
                                     "/golden",
                                     "/golden/lines",
                                     "/golden/windows",
                                     "/files",
                                     "/files/templates.json",
                                     "/detectors/deeplog",
                                     "/detectors/deeplog/calibration",
                                     "/detectors/novelty/calibration/threshold",
                                     "/detectors/novelty/parameters/new_share",
                                     "/detectors/loganomaly/parameters",
                                     "/detectors/loganomaly/parameters/terms",
                                     "/golden/windows/deeplog/0",
                                     "/golden/windows/deeplog/0/words",
                                     "/golden/lines/0",
                                     "/golden/lines/0/1"};
  for (const std::string& where : needed) {
    const nlohmann::json::json_pointer pointer(where);
    ASSERT_TRUE(manifest.contains(pointer)) << where;
    int refused = 0;
    for (const nlohmann::json& other : others) {
      nlohmann::json changed = manifest;
      changed[pointer] = other;
      WriteFile(directory + "/manifest.json", SealManifest(changed));
      const std::string error = ErrorOf(directory);
      refused += error != "accepted";
      if (error == "accepted") continue;
      EXPECT_NE(error.find(directory), std::string::npos) << error;
    }
    EXPECT_GE(refused, 6) << where;
  }
  WriteFile(directory + "/manifest.json", good);
  EXPECT_EQ(ErrorOf(directory), "accepted");
}

TEST_F(BundleTest, VersionsOfOthers) {
  const std::string directory = Write("a");
  Reseal(directory, [](nlohmann::json* m) { (*m)["format"] = 2; });
  EXPECT_NE(ErrorOf(directory).find("format 2 is not format 1"), std::string::npos);
  Reseal(directory, [](nlohmann::json* m) { (*m)["format"] = 1, (*m)["parser"] = 7; });
  EXPECT_NE(ErrorOf(directory).find("version 7 of the parser"), std::string::npos);
}

TEST_F(BundleTest, GoldenChecks) {
  const std::string directory = Write("a");
  Reseal(directory, [](nlohmann::json* m) { (*m)["golden"]["lines"][0][1] = "another"; });
  EXPECT_NE(ErrorOf(directory).find("golden line 0"), std::string::npos);
  Reseal(directory, [](nlohmann::json* m) {
    (*m)["golden"]["lines"][0][1] = "request <*> started";
    nlohmann::json& raw = (*m)["golden"]["windows"]["deeplog"][3]["raw"];
    raw = raw.get<double>() + 0.01;
  });
  EXPECT_NE(ErrorOf(directory).find("golden window 3 of deeplog"), std::string::npos);
  Reseal(directory,
         [](nlohmann::json* m) { (*m)["golden"]["windows"] = nlohmann::json::object(); });
  EXPECT_NE(ErrorOf(directory).find("golden windows are missing"), std::string::npos);
}

TEST_F(BundleTest, FilesOutsideTheDirectory) {
  const std::string directory = Write("a");
  for (const char* name :
       {"../a/train.log", "/etc/passwd", "sub/train.log", "passwd", ".safetensors", ""}) {
    Reseal(directory, [&](nlohmann::json* m) { (*m)["files"][name] = {{"sha256", Sha256("")}}; });
    EXPECT_NE(ErrorOf(directory).find("a file that no bundle has"), std::string::npos) << name;
    Reseal(directory, [&](nlohmann::json* m) { (*m)["files"].erase(name); });
  }
}

TEST_F(BundleTest, OtherParserOptions) {
  const std::string directory = Write("a");
  GroupConfig group = SmallGroup();
  group.drain.masks.hex = false;
  EXPECT_NE(ErrorOf(directory, group).find("/masks/hex"), std::string::npos);
  group = SmallGroup();
  group.drain.masks.user = {"id=\\w+"};
  EXPECT_NE(ErrorOf(directory, group).find("/masks/user"), std::string::npos);
}

TEST_F(BundleTest, WritableByOthers) {
  const std::string directory = Write("a");
  for (const std::string& name : Names(directory)) {
    const std::string path = directory + "/" + name;
    for (const auto bit : {fs::perms::group_write, fs::perms::others_write}) {
      fs::permissions(path, bit, fs::perm_options::add);
      EXPECT_NE(ErrorOf(directory).find("chmod go-w '" + path + "'"), std::string::npos);
      fs::permissions(path, bit, fs::perm_options::remove);
    }
  }
  fs::permissions(directory, fs::perms::others_write, fs::perm_options::add);
  EXPECT_NE(ErrorOf(directory).find("chmod go-w '" + directory + "'"), std::string::npos);
}

TEST_F(BundleTest, StrangersAndOpenParents) {
  const std::string directory = Write("a");
  const std::string models = fs::path(directory).parent_path().string();
  fs::permissions(models, fs::perms::others_write, fs::perm_options::add);
  EXPECT_NE(ErrorOf(directory).find("chmod o-w '" + models + "'"), std::string::npos);
  fs::permissions(models, fs::perms::sticky_bit, fs::perm_options::add);
  EXPECT_EQ(ErrorOf(directory), "accepted");
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  for (const std::string& path : {directory, models, directory + "/manifest.json"}) {
    ASSERT_EQ(chown(path.c_str(), 4711, static_cast<gid_t>(-1)), 0);
    EXPECT_NE(ErrorOf(directory).find("'" + path + "'"), std::string::npos) << path;
    ASSERT_EQ(chown(path.c_str(), 0, static_cast<gid_t>(-1)), 0);
  }
  EXPECT_EQ(ErrorOf(directory), "accepted");
}

TEST_F(BundleTest, SymlinksAndOtherFiles) {
  const std::string directory = Write("a");
  const fs::path path = fs::path(directory) / "deeplog.safetensors";
  fs::rename(path, root_ / "elsewhere");
  fs::create_symlink(root_ / "elsewhere", path);
  EXPECT_NE(ErrorOf(directory).find("symlink"), std::string::npos);
  fs::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_NE(ErrorOf(directory).find("not a regular file"), std::string::npos);
  fs::remove(path);
  fs::create_directory(path);
  EXPECT_NE(ErrorOf(directory), "accepted");
}

TEST_F(BundleTest, OversizedFiles) {
  const std::string directory = Write("a");
  ASSERT_EQ(truncate((directory + "/manifest.json").c_str(), 1l << 40), 0);  // sparse
  EXPECT_NE(ErrorOf(directory).find("over the limit"), std::string::npos);
}

TEST_F(BundleTest, ExistingNameIsKept) {
  const std::string directory = Write("a");
  Bundle bundle = Trained();
  bundle.name = "a";
  bundle.log = "other";
  const Status status = WriteBundle(bundle, models_, SmallGroup());
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find(directory), std::string::npos);
  EXPECT_EQ(ErrorOf(directory), "accepted");
}

TEST_F(BundleTest, FailedWriteLeavesNothing) {
  Write("a");
  Bundle bundle = Trained();
  bundle.name = "b";
  bundle.tensors["no/such"] = {};  // cannot be a file's name
  EXPECT_FALSE(WriteBundle(bundle, models_, SmallGroup()));
  EXPECT_EQ(Names(models_), (std::vector<std::string>{"a"}));
  for (const char* name : {"", ".", "..", "a/b", ".hidden", "current", "previous", "x y", "x\n"}) {
    bundle.name = name;
    EXPECT_FALSE(WriteBundle(bundle, models_, SmallGroup())) << name;
  }
}

TEST_F(BundleTest, ActivationAndRollback) {
  EXPECT_EQ(*CurrentBundle(models_), "");
  EXPECT_TRUE(ListBundles(models_)->empty());
  for (const char* name : {"2026-1", "2026-2", "2026-3"}) Write(name);
  EXPECT_EQ(*ListBundles(models_), (std::vector<std::string>{"2026-1", "2026-2", "2026-3"}));
  EXPECT_EQ(*ActivateBundle(models_, "2026-3"), "");
  EXPECT_EQ(*CurrentBundle(models_), "2026-3");
  EXPECT_EQ(*PreviousBundle(models_), "2026-2");  // the next older one, nothing was active before
  EXPECT_EQ(*ActivateBundle(models_, "2026-1"), "2026-3");
  EXPECT_EQ(*PreviousBundle(models_), "2026-3");
  EXPECT_EQ(*ActivateBundle(models_, "2026-3"), "2026-1");
  EXPECT_EQ(*PreviousBundle(models_), "2026-1");
  EXPECT_EQ(fs::read_symlink(models_ + "/current"), "2026-3");
  const Result<std::string> missing = ActivateBundle(models_, "2026-9");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("2026-9"), std::string::npos);
  EXPECT_EQ(*CurrentBundle(models_), "2026-3");
}

TEST_F(BundleTest, CurrentIsOneBareName) {
  Write("a");
  for (const char* target : {"../app/a", "/etc", "a/", "./a", "..", ".hidden"}) {
    fs::remove(models_ + "/current");
    fs::create_symlink(target, models_ + "/current");
    const Result<std::string> current = CurrentBundle(models_);
    ASSERT_FALSE(current) << target;
    EXPECT_NE(current.error().message.find("alogctl models activate"), std::string::npos);
  }
  EXPECT_TRUE(ActivateBundle(models_, "a"));  // mends it
  EXPECT_EQ(*CurrentBundle(models_), "a");
  fs::remove(models_ + "/current");
  WriteFile(models_ + "/current", "a");
  EXPECT_FALSE(CurrentBundle(models_));
}

TEST_F(BundleTest, ModelSetOfAGroup) {
  Config config;
  config.state_dir = root_.string();
  GroupConfig group = SmallGroup();
  Result<ModelSet> none = LoadModelSet(config, group);
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->bundle, "");
  EXPECT_EQ(none->detectors.size(), 2u);

  const std::string directory = Write("a");
  ASSERT_TRUE(ActivateBundle(models_, "a"));
  Result<ModelSet> current = LoadModelSet(config, group);
  ASSERT_TRUE(current) << current.error().message;
  EXPECT_EQ(current->bundle, "a");
  EXPECT_EQ(current->vocabulary, Trained().vocabulary);
  EXPECT_EQ(current->detectors.size(), 6u);  // streams have no lengths

  group.model = directory;
  group.deeplog.enabled = group.novelty.enabled = group.novelty.pairs = false;
  Result<ModelSet> by_path = LoadModelSet(config, group);
  ASSERT_TRUE(by_path) << by_path.error().message;
  EXPECT_EQ(by_path->bundle, "a");
  EXPECT_EQ(by_path->detectors.size(), 3u);

  group.model = root_.string() + "/nowhere";
  EXPECT_FALSE(LoadModelSet(config, group));
  fs::remove_all(directory);
  group.model = "current";
  EXPECT_FALSE(
      LoadModelSet(config, group));  // `current` points to what is gone: said, not passed over
}

TEST_F(BundleTest, Sha256OfKnownText) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(Sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace alogd
