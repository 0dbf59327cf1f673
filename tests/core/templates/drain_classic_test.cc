// SPDX-License-Identifier: MIT
// Classic Drain, against cases worked out by hand from the paper.
#include <gtest/gtest.h>

#include <string>

#include "core/templates/drain.h"

namespace alogd {
namespace {

DrainOptions Classic(uint32_t depth, double similarity) {
  DrainOptions options;
  options.classic = true;
  options.depth = depth;
  options.similarity = similarity;
  return options;
}

TEST(ClassicDrainTest, SimilarityAtTheLeafDecides) {
  Catalog catalog;
  Drain drain = std::move(*Drain::Create(Classic(4, 0.5), &catalog));
  // Leaf: six tokens beginning "send", "file". Of the second, five of six tokens are equal.
  const TemplateId id = drain.Add("send file alpha to host one", kNoTime).id;
  EXPECT_EQ(drain.Add("send file beta to host one", kNoTime).id, id);
  EXPECT_EQ(catalog.Text(id), "send file <*> to host one");
  // send, file, host: three of six, the threshold.
  EXPECT_EQ(drain.Add("send file x at host two", kNoTime).id, id);
  EXPECT_EQ(catalog.Text(id), "send file <*> <*> host <*>");
  // send, file: two of six.
  EXPECT_NE(drain.Add("send file x at node two", kNoTime).id, id);
}

TEST(ClassicDrainTest, TokenCountAndLeadingTokensDivide) {
  Catalog catalog;
  Drain drain = std::move(*Drain::Create(Classic(4, 0.1), &catalog));
  const TemplateId id = drain.Add("send file alpha to host", kNoTime).id;
  EXPECT_NE(drain.Add("send file alpha to host now", kNoTime).id, id);
  EXPECT_NE(drain.Add("drop file alpha to host", kNoTime).id, id);
  EXPECT_NE(drain.Add("send mail alpha to host", kNoTime).id, id);
}

TEST(ClassicDrainTest, FullNodeSendsNewTokensToTheWildcard) {
  Catalog catalog;
  DrainOptions options = Classic(3, 0.6);
  options.max_children = 3;  // two of their own and the wildcard
  Drain drain = std::move(*Drain::Create(options, &catalog));
  const TemplateId a = drain.Add("a x y z", kNoTime).id;
  const TemplateId b = drain.Add("b x y z", kNoTime).id;
  const TemplateId c = drain.Add("c x y z", kNoTime).id;
  EXPECT_NE(a, b);
  EXPECT_NE(b, c);
  EXPECT_EQ(drain.Add("d x y z", kNoTime).id, c);
  EXPECT_EQ(catalog.Text(c), "<*> x y z");
  EXPECT_EQ(drain.Add("a x y z", kNoTime).id, a);
}

TEST(ClassicDrainTest, TrainedTemplatesStayAsTheyAre) {
  Catalog catalog;
  Drain drain = std::move(*Drain::Create(Classic(4, 0.4), &catalog));
  const TemplateId id = drain.AddTrained("send file <*> to host", kNoTime);
  EXPECT_EQ(drain.Add("send file alpha to host", kNoTime).id, id);
  EXPECT_NE(drain.Add("send file alpha to node", kNoTime).id, id);
  EXPECT_EQ(catalog.Text(id), "send file <*> to host");
}

TEST(ClassicDrainTest, EvictsTheLongestUnseen) {
  Catalog catalog;
  DrainOptions options = Classic(4, 0.9);
  options.max_templates = 2;
  Drain drain = std::move(*Drain::Create(options, &catalog));
  drain.Add("first one here", kNoTime);
  drain.Add("second one there", kNoTime);
  drain.Add("first one here", kNoTime);
  drain.Add("third is new", kNoTime);
  EXPECT_EQ(drain.evicted(), 1u);
  EXPECT_EQ(drain.Find("second one there"), kNoTemplate);
  EXPECT_NE(drain.Find("first one here"), kNoTemplate);
}

}  // namespace
}  // namespace alogd
