// SPDX-License-Identifier: MIT
// Condensed texts: lists and names of several words as one variable.
#include "core/templates/condensed.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/templates/drain.h"

namespace alogd {
namespace {

using Texts = std::vector<std::string>;

Texts TextsOf(std::string_view text) {
  Texts texts;
  for (CondensedText& condensed : Condensed(text)) texts.push_back(std::move(condensed.text));
  return texts;
}

TEST(CondensedTest, Lists) {
  EXPECT_EQ(TextsOf("loaded plugins: auth, billing"), Texts{"loaded plugins: <*>"});
  EXPECT_EQ(TextsOf("loaded plugins: auth,billing,cart"), Texts{"loaded plugins: <*>"});
  EXPECT_EQ(TextsOf("removed jobs nightly_sync, disk-check"), Texts{"removed jobs <*>"});
  EXPECT_EQ(TextsOf("disk usage (low=<*>, high=<*>) by root"), Texts{"disk usage (<*>) by root"});
  EXPECT_EQ(TextsOf("disk usage (low=<*>) by root"), Texts{"disk usage (<*>) by root"});
  EXPECT_EQ(TextsOf("lease for <*> (alpha) on <*>"), Texts{"lease for <*> on <*>"});
  EXPECT_EQ(TextsOf("old jobs <*>=<*> gone"), Texts{"old jobs <*> gone"});
  EXPECT_EQ(TextsOf("open page limits: low=<*>"), Texts{"open page limits: <*>"});
}

TEST(CondensedTest, NoLists) {
  for (const char* text :
       {"connection lost, retrying", "no lock, giving up soon", "reset port=<*> now",
        "link broken: timeout, failed", "auth, billing", "open file (old) on <*>",
        "disk usage (low=<*>mb, high=<*>mb)", "plugins: auth, billing", ""})
    EXPECT_EQ(TextsOf(text), Texts{}) << text;
}

// By hand: two or three words with three words behind them, "service" no outcome word.
TEST(CondensedTest, NamesOfSeveralWords) {
  EXPECT_EQ(TextsOf("The Print Spooler service entered the queue"),
            (Texts{"The <*> service entered the queue", "The <*> entered the queue",
                   "The Print <*> entered the queue"}));
}

TEST(CondensedTest, AtMost) {
  std::string text = "first";
  for (int i = 0; i < 40; ++i) text += " word";
  EXPECT_EQ(Condensed(text).size(), kMostCondensed - 1);
  EXPECT_EQ(Condensed(text + ": a, b").size(), kMostCondensed);
  for (int i = 0; i < 40; ++i) text += " word";
  EXPECT_TRUE(Condensed(text).empty());
}

class CondensedDrainTest : public ::testing::Test {
 protected:
  TemplateId Add(std::string_view message) { return drain_.Add(message, kNoTime).id; }

  Catalog catalog_;
  Drain drain_ = std::move(*Drain::Create({}, &catalog_));
};

TEST_F(CondensedDrainTest, FifthListMakesItVariable) {
  std::vector<TemplateId> ids;
  for (const char* list : {"auth, billing", "cart, auth, mailer", "billing, cart", "mailer, auth"})
    ids.push_back(Add(std::string("enabled plugins: ") + list));
  EXPECT_NE(catalog_.Resolve(ids[3]), catalog_.Resolve(ids[0]));
  const TemplateId last = Add("enabled plugins: a, b, c, d, e");
  for (const TemplateId id : ids) EXPECT_EQ(catalog_.Resolve(id), catalog_.Resolve(last));
  EXPECT_EQ(catalog_.Text(catalog_.Resolve(last)), "enabled plugins: <*>");
  EXPECT_EQ(Add("enabled plugins: cart"), ids[0]);
  EXPECT_EQ(Add("enabled plugins: x, y"), ids[0]);
}

TEST_F(CondensedDrainTest, NamesOfOneAndMoreWordsAreOne) {
  std::vector<TemplateId> ids;
  for (const char* name : {"Scheduler", "Print Spooler", "Windows Update", "Backup",
                           "Time Zone Helper", "Indexer", "Telemetry", "Mailer"})
    ids.push_back(Add(std::string("The ") + name + " service entered the running state"));
  for (const TemplateId id : ids) EXPECT_EQ(catalog_.Resolve(id), catalog_.Resolve(ids[0]));
  EXPECT_NE(Add("The Print Spooler service entered the stopped state"), ids[0]);
}

TEST_F(CondensedDrainTest, NameAsideMayBeMissing) {
  const TemplateId id = Add("DHCPACK on 10.0.0.1 to 00:11:22:33:44:55 (alpha) via eth0");
  EXPECT_EQ(Add("DHCPACK on 10.0.0.2 to 00:11:22:33:44:66 via eth0"), id);
  EXPECT_EQ(Add("DHCPACK on 10.0.0.3 to 00:11:22:33:44:77 (beta) via eth1"), id);
  EXPECT_NE(Add("DHCPACK on 10.0.0.3 to 00:11:22:33:44:77 (failed) via eth1"), id);
}

TEST_F(CondensedDrainTest, TrainedTextTakesLists) {
  const TemplateId id = drain_.AddTrained("enabled plugins: <*>", kNoTime);
  EXPECT_EQ(drain_.Find("enabled plugins: auth, billing"), id);
  EXPECT_EQ(drain_.Find("enabled plugins: auth, failed"), kNoTemplate);
}

}  // namespace
}  // namespace alogd
