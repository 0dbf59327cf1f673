// SPDX-License-Identifier: MIT
// Tokenizer: what of a message is constant and what is variable.
#include "core/templates/tokenizer.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/templates/drain.h"
#include "core/templates/masks.h"
#include "testing/grouping.h"
#include "testing/messages.h"

namespace alogd {
namespace {

std::string Mask(std::string_view message, const MaskOptions& options = {},
                 uint32_t max_tokens = 512) {
  auto tokenizer = Tokenizer::Create(options, max_tokens);
  EXPECT_TRUE(tokenizer.ok());
  return std::string(tokenizer->Mask(message));
}

TEST(TokenizerTest, KindsOfVariables) {
  const std::pair<const char*, const char*> cases[] = {
      {"took 12 of -1.5 or 5%", "took <*> of <*> or <*>"},
      {"at 0xdeadbeef now", "at <*> now"},
      {"from 10.0.0.1:4711 closed", "from <*> closed"},
      {"from [fe80::1:ab]:22 closed", "from <*> closed"},
      {"mac aa:bb:cc:dd:ee:ff up", "mac <*> up"},
      {"via fe80::1%eth or 6::0/64 now", "via <*> or <*> now"},
      {"id 123e4567-e89b-12d3-a456-426614174000 gone", "id <*> gone"},
      {"open /etc/passwd failed", "open <*> failed"},
      {"open C:\\Windows\\System32 failed", "open <*> failed"},
      {"get https://example.org/a?b=c, then", "get <*>, then"},
      {"mail to root@example.org sent", "mail to <*> sent"},
      {"class org.example.Thing loaded", "class <*> loaded"},
      {"peer example.org:80 gone", "peer <*> gone"},
      {"device sda1 is full", "device <*> is full"},
      {"enabled true and null", "enabled <*> and <*>"},
      {"at Sat Jul 9 12:16:49 2005 ok", "at <*> ok"},
      {"over IPv6 with ssh2", "over IPv6 with ssh2"},
      {"step2() done", "step2() done"},
      {"I/O and/or n/a", "I/O and/or n/a"},
      {"register........0", "register........<*>"},
      {"file \"some name here\" lost", "file \"<*>\" lost"},
      {"it can't be 'this one' now", "it can't be '<*>' now"},
      {"10.0.0.1 - frank \"GET /a b\" 200", "<*> \"GET <*>\" <*>"},
      {"10.0.0.1 - - \"GET /a b\" 200", "<*> \"GET <*>\" <*>"},
      {"10.0.0.1 - frank \"got it\" 200", "<*> - frank \"<*>\" <*>"},
      {"sent a1 to b2 (5 KB)", "sent <*> to <*>"},
      {"sent a1 to  (5 KB)", "sent <*> to <*>"},
      {"sent to (5 KB)", "sent to (<*>)"},
      {"sent a1 to unknown (5 KB)", "sent <*> to <*>"},
      {"took 7 ms.12 ms now", "took <*> now"},
      {"stopping adm,sudo... done", "stopping <*>... done"},
      {"worker#12 done, cache#3.", "worker#<*> done, cache#<*>."},
      {"id=worker#12 done", "id=<*> done"},
      {"#12 done, a-b#7, c#d9", "#<*> done, <*>"},
      {"event=user_added id=bob", "event=user_added id=<*>"},
      {"event=user7 msg=\"all done\" id=bob", "event=<*> msg=\"all done\" id=<*>"},
      {"{\"msg\": \"disk lost\", \"id\": \"a\"}", "{\"msg\": \"disk lost\", \"id\": \"<*>\"}"},
      {"state=unknown from {a=b, c=<nil>}", "state=<*> from {<*>}"},
      {"(root) CMD (cd / && run-parts --report /etc/x)", "(root) CMD (<*>)"},
      {"bob : USER=root ; COMMAND=/bin/ls -l --all", "bob : USER=<*> ; COMMAND=<*>"},
  };
  for (const auto& [message, masked] : cases) EXPECT_EQ(Mask(message), masked) << message;
}

TEST(TokenizerTest, LongNameBeforeANumberIsData) {
  const std::string name(9000, 'a');
  EXPECT_EQ(Mask(fmt::format("{}#1 done", name)), "<*> done");
  EXPECT_EQ(Mask(fmt::format("x {}.1 done", name)), "x <*> done");
}

TEST(TokenizerTest, ValueBehindEqualsIsVariable) {
  const std::pair<const char*, const char*> cases[] = {
      {"user=root uid=0", "user=<*> uid=<*>"},
      {"logname= uid=0", "logname=<*> uid=<*>"},
      {"name=\"a b\" kind=x", "name=<*> kind=<*>"},
      {"at = Point(3, y=4) end", "at = Point(<*>) end"},
      {"list=[a, b] end", "list=<*> end"},
      {"a == b and c != d", "a == b and c != d"},
      {"last=", "last=<*>"},
      {"res=failed", "res=failed"},
      {"res=success", "res=success"},
  };
  for (const auto& [message, masked] : cases) EXPECT_EQ(Mask(message), masked) << message;
}

TEST(TokenizerTest, RunsAndGroupsOfVariablesAreOne) {
  const std::pair<const char*, const char*> cases[] = {
      {"ids 1, 2, 3 seen", "ids <*> seen"},   {"ids [1, 2, 3] seen", "ids [<*>] seen"},
      {"ids [1] seen", "ids [<*>] seen"},     {"sent 10 bytes (1.2 KB) now", "sent <*> now"},
      {"sent 10 bytes now", "sent <*> now"},  {"from 10.0.0.1 (10.0.0.1) at", "from <*> at"},
      {"from 10.0.0.1 () at", "from <*> at"}, {"lifetime <1 sec", "lifetime <*>"},
      {"lifetime 00:17", "lifetime <*>"},
  };
  for (const auto& [message, masked] : cases) EXPECT_EQ(Mask(message), masked) << message;
}

TEST(TokenizerTest, ListsRequestsAndKeys) {
  const std::pair<const char*, const char*> cases[] = {
      {"member of adm,sudo,users since boot", "member of <*> since boot"},
      {"member of adm, sudo and users", "member of adm, sudo and users"},
      {"Service,attach called", "Service,attach called"},  // the first words say what it is
      {"done with attach,pid =5", "done with attach,pid =<*>"},
      {"load average: , 0.5, 0.3", "load average: <*>"},
      {"load average: 0.7, 0.5, 0.3", "load average: <*>"},
      {"sent \"GET /a/b HTTP/1.1\" 200", "sent \"GET <*>\" <*>"},
      {"sent \"GETTING\" 200", "sent \"<*>\" <*>"},
      {"{\"user\": \"root\", \"id\": 5}", "{\"user\": \"<*>\", \"id\": <*>}"},
      {"size=5 KB; user=root", "size=<*>; user=<*>"},
      {"open /a?x=22: denied", "open <*>: denied"},
      {"N/A", "<*>"},
      {"unknown", "<*>"},
      {"unknown host", "unknown host"},
  };
  for (const auto& [message, masked] : cases) EXPECT_EQ(Mask(message), masked) << message;
}

TEST(TokenizerTest, UsersByTheWordsBeforeThem) {
  EXPECT_EQ(Mask("for user bob now"), "for user <*> now");
  EXPECT_EQ(Mask("by user bob now"), "by user <*> now");
  EXPECT_EQ(Mask("Invalid user bob from"), "Invalid user <*> from");
  EXPECT_EQ(Mask("pass; user unknown"), "pass; user unknown");
  EXPECT_EQ(Mask("password for bob from 10.0.0.1"), "password for <*> from <*>");
}

TEST(TokenizerTest, EachMaskCanBeSwitchedOff) {
  struct Case {
    bool MaskOptions::*mask;
    const char* message;
    const char* on;
  };
  const Case cases[] = {
      {&MaskOptions::paths, "open /etc/passwd now", "open <*> now"},
      {&MaskOptions::paths, "open /srv/v2 now", "open <*> now"},
      {&MaskOptions::hex, "at 0xdeadbeef now", "at <*> now"},
      {&MaskOptions::ips, "from 10.0.0.1 now", "from <*> now"},
      {&MaskOptions::mac, "mac 00:1a:2b:3c:4d:5e up", "mac <*> up"},
      {&MaskOptions::uuid, "id 123e4567-e89b-12d3-a456-426614174000 up", "id <*> up"},
      {&MaskOptions::pid, "sshd[4711] up", "sshd[<*>] up"},
      {&MaskOptions::device, "dev sda1 up", "dev <*> up"},
      {&MaskOptions::num, "took 15 now", "took <*> now"},
  };
  for (const Case& c : cases) {
    MaskOptions options;
    EXPECT_EQ(Mask(c.message, options), c.on);
    options.*c.mask = false;
    EXPECT_EQ(Mask(c.message, options), c.message);
    for (const Case& other : cases) {
      if (other.mask != c.mask) {
        EXPECT_EQ(Mask(other.message, options), other.on) << c.message;
      }
    }
  }
}

TEST(TokenizerTest, UserMasksComeFirst) {
  MaskOptions options;
  options.user = {"job-[a-z]+", "cube .*? end"};
  EXPECT_EQ(Mask("run job-alpha on cube a b end of it", options), "run <*> on <*> of it");
  EXPECT_EQ(Mask("job-x", options), "<*>");
  options.user = {"a*"};  // matches nothing, too
  EXPECT_EQ(Mask("baab", options), "b<*>b");
}

TEST(TokenizerTest, BlanksAtTheEndSayNothing) {
  EXPECT_EQ(Mask("closed by peer  \t "), "closed by peer");
  EXPECT_EQ(Mask("took 5 "), "took <*>");
  EXPECT_EQ(Mask("   "), "");
}

TEST(TokenizerTest, WildcardInTheMessageIsAVariable) {
  EXPECT_EQ(Mask("literal <*> here"), "literal <*> here");
  EXPECT_EQ(Mask("value <5> here"), "value <<*>> here");
}

TEST(TokenizerTest, BytesThatNoTemplateMayHold) {
  EXPECT_EQ(Mask(std::string_view("a\0b c", 5)), "<*> c");
  EXPECT_EQ(Mask("esc\x1b[0m ape"), "<*>[<*> ape");
  EXPECT_EQ(Mask("bad\xff word"), "<*> word");
  EXPECT_EQ(Mask("gr\xc3\xb6\xc3\x9f"
                 "e word"),
            "gr\xc3\xb6\xc3\x9f"
            "e word");
  EXPECT_EQ(Mask("overlong \xc0\xaf x"), "overlong <*> x");
  EXPECT_EQ(Mask("surrogate \xed\xa0\x80 x"), "surrogate <*> x");
}

TEST(TokenizerTest, RestBehindTheLastTokenIsOneVariable) {
  EXPECT_EQ(Mask("a b c d e f", {}, 3), "a b c<*>");
  EXPECT_EQ(Mask("a b c", {}, 3), "a b c");
}

TEST(TokenizerTest, ResultIsBoundedAndValid) {
  std::vector<std::string> messages = {std::string(65536, 'a'), std::string(65536, ' '),
                                       std::string(65536, '('), std::string(65536, '='),
                                       std::string(65536, '"'), std::string(65536, '\0'),
                                       std::string(65536, '.'), std::string(65536, '\xff')};
  for (const std::string_view pair :
       {"()", "[1]", "a=", "\"'", "a ", "a\t\t", "1.", "fe80:", "x=(", "'a", "<*>"}) {
    std::string message;
    while (message.size() < 65536) message += pair;
    messages.push_back(message);
  }
  for (const std::string& message : messages) {
    const std::string masked = Mask(message, {}, 1 << 20);
    EXPECT_LE(masked.size(), kMaxMasked);
    EXPECT_TRUE(IsValidUtf8(masked));
    std::vector<std::string_view> parameters;
    Catalog catalog;
    auto drain = Drain::Create({}, &catalog);
    EXPECT_TRUE(drain->Parameters(message, masked, &parameters)) << masked.substr(0, 40);
  }
}

std::string PutBack(std::string_view text, const std::vector<std::string_view>& parameters) {
  std::string out;
  size_t next = 0;
  for (size_t at = 0; at < text.size();) {
    if (text.compare(at, kWildcard.size(), kWildcard) == 0) {
      out += parameters.at(next++);
      at += kWildcard.size();
    } else {
      out += text[at++];
    }
  }
  EXPECT_EQ(next, parameters.size());
  return out;
}

void ExpectParametersPutBack(const std::vector<std::string>& messages,
                             const DrainOptions& options) {
  Catalog catalog;
  auto drain = std::move(*Drain::Create(options, &catalog));
  std::vector<std::string_view> parameters;
  for (const std::string& message : messages) {
    const TemplateId id = drain.Add(message, kNoTime).id;
    const std::string text(catalog.Text(id));
    ASSERT_TRUE(drain.Parameters(message, text, &parameters)) << message << "\n" << text;
    ASSERT_EQ(TrimEnd(PutBack(text, parameters)), TrimEnd(message)) << text;
    ASSERT_TRUE(IsValidUtf8(text)) << text;
  }
}

TEST(ParametersTest, GiveTheMessageBackForMadeUpMessages) {
  std::vector<std::string> messages;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    testing::MessageSource source(seed);
    for (int i = 0; i < 1000; ++i) messages.push_back(source.Next());
    for (int i = 0; i < 3000; ++i) messages.push_back(source.Nonsense(1 + source.Below(30)));
  }
  ExpectParametersPutBack(messages, {});
  MaskOptions some_off;
  some_off.num = some_off.paths = some_off.mac = false;
  some_off.user = {"a.c", "[5]+"};
  DrainOptions other_masks;
  other_masks.masks = some_off;
  ExpectParametersPutBack(messages, other_masks);
  DrainOptions classic;
  classic.classic = true;
  ExpectParametersPutBack(messages, classic);
  DrainOptions few_tokens;
  few_tokens.max_tokens = 7;
  ExpectParametersPutBack(messages, few_tokens);
}

TEST(ParametersTest, GiveTheMessageBackForRealLines) {
  const std::string data = testing::TestDataPath();
  for (const std::string_view system : testing::kLabelledSystems) {
    const auto log = testing::ReadLabelledLog(data, system);
    if (!log) GTEST_SKIP() << "no labelled logs in " << data;
    ExpectParametersPutBack(log->content, {});
    ExpectParametersPutBack(log->raw, {});
  }
  for (const char* name : {"/full/Linux.log.xz", "/full/Apache.log.xz", "/full/Proxifier.log.xz",
                           "/hdfs_raw/HDFS_20000.log.xz"})
    ExpectParametersPutBack(testing::ReadLines(data + name), {});
}

// The whole Hadoop log is an archive of many files; every line of it, headers left on.
TEST(ParametersTest, GiveTheMessageBackForAllOfHadoop) {
  const auto lines = testing::ReadLines(testing::TestDataPath() + "/hadoop_full.tar.xz");
  if (lines.empty()) GTEST_SKIP() << "no hadoop_full.tar.xz; set ALOGD_TEST_DATA";
  ExpectParametersPutBack(lines, {});
}

TEST(ParametersTest, RefusesWhatDoesNotFit) {
  Catalog catalog;
  auto drain = std::move(*Drain::Create({}, &catalog));
  std::vector<std::string_view> parameters = {"left over"};
  EXPECT_FALSE(drain.Parameters("user bob out", "user <*> in", &parameters));
  EXPECT_TRUE(parameters.empty());
  EXPECT_FALSE(drain.Parameters("use", "user <*>", &parameters));
  EXPECT_FALSE(drain.Parameters("user", "user  <*>", &parameters));
  EXPECT_TRUE(
      drain.Parameters("user", "user <*>", &parameters));  // an open end: the value is empty
  EXPECT_EQ(parameters, std::vector<std::string_view>{""});
  EXPECT_TRUE(drain.Parameters("user 5 in", "user <*> in <*>", &parameters));
  EXPECT_EQ(parameters, (std::vector<std::string_view>{"5", ""}));
  EXPECT_FALSE(drain.Parameters("abc", "ab", &parameters));
  EXPECT_FALSE(drain.Parameters("a b", "a <*> b", &parameters));
  EXPECT_TRUE(drain.Parameters("a b c b", "a <*> b", &parameters));
  EXPECT_EQ(parameters, std::vector<std::string_view>{"b c"});
}

}  // namespace
}  // namespace alogd
