// SPDX-License-Identifier: MIT
// Values as programs print them into their log messages.
#include "testing/value_generator.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace alogd::testing {
namespace {

using Texts = std::vector<std::string>;

std::string Capital(std::string word) {
  if (word[0] >= 'a' && word[0] <= 'z') word[0] = static_cast<char>(word[0] - 32);
  return word;
}

Variable OneOf(Texts texts) {
  return [texts = std::move(texts)](Random& r) {
    // The first ones come more often.
    return texts[std::min(r.Below(texts.size()), r.Below(texts.size()))];
  };
}

Variable MakeNumber(Random& random) {
  switch (random.Below(9)) {
    case 5:
      return
          [](Random& r) { return fmt::format("{:.3e}", static_cast<double>(r.Below(9000)) / 1e7); };
    case 0:
      return [](Random& r) {
        return fmt::format("{:.2f}", static_cast<double>(r.Below(90000)) / 100);
      };
    case 1:
      return [](Random& r) { return fmt::format("{}%", r.Below(101)); };
    case 2:
      return [](Random& r) { return fmt::format("{}", r.Below(4)); };
    case 3:
      return [](Random& r) { return fmt::format("{}", 1700000000 + r.Below(1u << 24)); };
    case 4:
      return [](Random& r) { return fmt::format("{}{}", r.Chance(30) ? "-" : "", r.Below(500)); };
    default:
      break;
  }
  const size_t bound = size_t{10} << random.Below(18);
  return [=](Random& r) { return fmt::format("{}", r.Below(bound)); };
}

std::string Hex(Random& r, size_t digits) {
  std::string out;
  while (out.size() < digits) out += "0123456789abcdef"[r.Below(16)];
  return out;
}

Variable MakeId(Random& random) {
  const std::string prefix = MadeUpWord(random);
  switch (random.Below(9)) {
    case 0:
      return [](Random& r) { return "0x" + Hex(r, 8); };
    case 1:
      return [](Random& r) { return Hex(r, 12); };
    case 2:
      return [](Random& r) {
        return fmt::format("{}-{}-{}-{}-{}", Hex(r, 8), Hex(r, 4), Hex(r, 4), Hex(r, 4),
                           Hex(r, 12));
      };
    case 3:
      return [=](Random& r) { return fmt::format("{}_{}", prefix, r.Below(1u << 30)); };
    case 4:
      return [=](Random& r) { return fmt::format("{}-{:04}", prefix, r.Below(10000)); };
    case 5:
      return [=](Random& r) {
        return fmt::format("{}_{}_{:04}_{:06}", prefix, 1445062781 + r.Below(9), r.Below(30),
                           r.Below(99));
      };
    case 6:
      return [](Random& r) { return fmt::format("#{}", r.Below(100000)); };
    case 7:
      return [](Random& r) { return fmt::format("{}", r.Below(1u << 20)); };
    default:
      return [](Random& r) { return Hex(r, 40); };
  }
}

Texts Pool(Random& random, size_t style, size_t size) {
  Texts out;
  while (out.size() < size) {
    std::string word = MadeUpWord(random);
    if (style == 1) word += "-" + MadeUpWord(random);
    if (style == 2) word += "_" + MadeUpWord(random);
    if (style == 3) word = Capital(word) + Capital(MadeUpWord(random));
    if (style == 4) word += fmt::format("{}", random.Below(30));
    if (style == 5) word = Capital(word);
    if (style == 6 && random.Chance(30)) word += " " + MadeUpWord(random);
    out.push_back(std::move(word));
  }
  return out;
}

// Few programs have only a handful of names, some have hundreds.
size_t PoolSize(Random& random) {
  if (random.Chance(10)) return 2 + random.Below(4);
  return size_t{6} + random.Below(size_t{8} << random.Below(5));
}

Variable MakeName(Random& random) {  // Names of two words are seldom.
  const size_t style = random.Chance(5) ? 6 : random.Below(6);
  return OneOf(Pool(random, style, PoolSize(random)));
}

Variable MakeUser(Random& random) {
  Texts users = Pool(random, random.Chance(30) ? 4 : 0, PoolSize(random));
  users[0] = "root";
  return OneOf(std::move(users));
}

std::string Address(Random& r) {
  return fmt::format("10.{}.{}.{}", r.Below(40), r.Below(255), 1 + r.Below(254));
}

Variable MakeHost(Random& random) {
  const std::string domain = MadeUpWord(random);
  switch (random.Below(8)) {
    case 0:
    case 1:
      return [](Random& r) { return Address(r); };
    case 2:
      return [](Random& r) { return fmt::format("{}:{}", Address(r), 1024 + r.Below(60000)); };
    case 3:
      return [](Random& r) { return fmt::format("/{}:{}", Address(r), 1024 + r.Below(60000)); };
    case 4:
      return [=](Random& r) {
        return fmt::format("{}{:02}.{}.example.com", domain, r.Below(40), domain);
      };
    case 5: {
      Texts hosts = Pool(random, 0, PoolSize(random));
      for (std::string& host : hosts) host += "." + domain + ".org";
      return OneOf(std::move(hosts));
    }
    case 6:
      return [](Random& r) { return fmt::format("fe80::{}:{}", Hex(r, 4), Hex(r, 3)); };
    default:
      return [=](Random& r) { return fmt::format("{}{}", domain, r.Below(64)); };
  }
}

Variable MakePath(Random& random) {
  const Texts dirs = Pool(random, random.Below(3), 12);
  const Texts ends = {".txt", ".conf", ".log", ".so.1", ".jar", "", "", ".tmp", ".xml"};
  const size_t style = random.Below(10);
  const bool queries = random.Chance(10);
  return [=](Random& r) {
    std::string path;
    const std::string separator = style == 0 ? "\\" : "/";
    for (size_t depth = 1 + r.Below(5); depth > 0; --depth) path += separator + r.Of(dirs);
    if (r.Chance(40)) path += fmt::format("{}{}", r.Chance(50) ? "-" : separator, r.Below(500));
    path += r.Of(ends);
    if (style == 0) return "C:" + path;
    if (style == 1) return "https://" + dirs[0] + ".example.com" + path;
    if (style == 2) return fmt::format("hdfs://{}:8020{}", dirs[0], path);
    if (queries && r.Chance(30)) path += fmt::format("?{}={}", dirs[1], r.Below(100));
    return path;
  };
}

Variable MakeDuration(Random& random) {
  if (random.Chance(15)) {
    const std::string blank = random.Chance(50) ? " " : "";
    return [=](Random& r) {
      return fmt::format("{}h{}{}m{}{}s", r.Below(30), blank, r.Below(60), blank, r.Below(60));
    };
  }
  const std::string unit = random.Of(Texts{" ms", "ms", " seconds", "s", " sec", "us", " minutes"});
  const bool decimals = random.Chance(40);
  return [=](Random& r) {
    return fmt::format("{}{}{}", r.Below(3000), decimals ? fmt::format(".{}", r.Below(1000)) : "",
                       unit);
  };
}

Variable MakeSize(Random& random) {
  const std::string blank = random.Chance(60) ? " " : "";
  if (random.Chance(40)) return [](Random& r) { return fmt::format("{} bytes", r.Below(1 << 20)); };
  return [=](Random& r) {
    return fmt::format("{}.{}{}{}", r.Below(1000), r.Below(10), blank,
                       r.Of(Texts{"B", "KB", "MB", "GB"}));
  };
}

Variable MakeQuoted(Random& random) {
  const char quote = random.Chance(60) ? '"' : '\'';
  const Texts words = Pool(random, 0, 40);
  const size_t most = 1 + random.Below(5);
  return [=](Random& r) {
    std::string text(1, quote);
    for (size_t n = 1 + r.Below(most); n > 0; --n) text += r.Of(words) + (n > 1 ? " " : "");
    return text + quote;
  };
}

Variable MakeList(Random& random) {
  const Texts names = Pool(random, random.Below(4), 30);
  const size_t item = random.Below(4), frame = random.Below(5);
  const std::string comma = random.Chance(75) ? ", " : ",";
  return [=](Random& r) {
    static const Texts kOpen = {"[", "(", "{", "[", ""}, kClose = {"]", ")", "}", "]", ""};
    std::string out = kOpen[frame];
    // Without brackets an empty list would be a missing word.
    for (size_t n = r.Below(7) + (frame == 4 ? 1 : 0), i = 0; i < n; ++i) {
      if (i > 0) out += comma;
      if (item == 0) out += fmt::format("{}", r.Below(900));
      if (item == 1) out += r.Of(names);
      if (item == 2) out += fmt::format("{}={}", r.Of(names), r.Below(50));
      if (item == 3) out += fmt::format("{}:{}", Address(r), r.Below(9000));
    }
    return out + kClose[frame];
  };
}

Variable MakeClass(Random& random) {
  const std::string root = MadeUpWord(random);
  const Texts parts = Pool(random, 0, 15);
  const size_t style = random.Below(5);
  return [=](Random& r) {
    const std::string name = Capital(r.Of(parts)) + Capital(r.Of(parts));
    if (style == 0) return fmt::format("com.{}.{}.{}", root, r.Of(parts), name);
    if (style == 1) return fmt::format("{}.{}.{}", root, r.Of(parts), r.Of(parts));
    if (style == 2) return fmt::format("org.{}.{}.{}${}", root, r.Of(parts), name, r.Below(9));
    if (style == 3) return fmt::format("{}@{}", name, Hex(r, 7));
    return name;
  };
}

Variable MakeDate(Random& random) {
  static const Texts kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun"};
  switch (random.Below(3)) {
    case 0:
      return [](Random& r) {
        return fmt::format("2024-{:02}-{:02} {:02}:{:02}:{:02}", 1 + r.Below(12), 1 + r.Below(28),
                           r.Below(24), r.Below(60), r.Below(60));
      };
    case 1:
      return [](Random& r) {
        return fmt::format("{} {:2} {:02}:{:02}:{:02} 2024", r.Of(kMonths), 1 + r.Below(28),
                           r.Below(24), r.Below(60), r.Below(60));
      };
    default:
      return [](Random& r) {
        return fmt::format("2024-{:02}-{:02}T{:02}:{:02}Z", 1 + r.Below(12), 1 + r.Below(28),
                           r.Below(24), r.Below(60));
      };
  }
}

// What a thing is called for people: of one to three words.
Variable MakePhrase(Random& random) {
  Texts phrases;
  for (size_t n = 4 + random.Below(12); n > 0; --n) {
    phrases.push_back(Capital(MadeUpWord(random)));
    for (size_t more = random.Below(3); more > 0; --more)
      phrases.back() += " " + Capital(MadeUpWord(random));
  }
  return OneOf(std::move(phrases));
}

Variable MakeCommand(Random& random) {
  Texts commands;
  const Texts ends = {"", " --all", " -q > /dev/null 2>&1", " && sync", " -c 'a b'"};
  for (size_t n = 1 + random.Below(12); n > 0; --n) {
    const std::string path = random.Chance(60) ? "/usr/bin/" : "";
    commands.push_back(path + MadeUpWord(random) + random.Of(ends));
  }
  return OneOf(std::move(commands));
}

// Of a machine some have numbers and some do not.
Variable MakeInterface(Random& random) {
  Texts names = {"eth0", "eth1", "lo", "br-lan", "docker0", "wlan0", "bond0", "tun0"};
  if (random.Chance(50)) names.push_back("veth" + MadeUpWord(random));
  return OneOf(std::move(names));
}

Variable MakeMac(Random& random) {
  const bool dots = random.Chance(30);
  return [=](Random& r) {
    std::string out = Hex(r, dots ? 4 : 2);
    for (size_t i = dots ? 2 : 5; i > 0; --i) out += (dots ? "." : ":") + Hex(r, dots ? 4 : 2);
    return out;
  };
}

Variable MakeFlag(Random& random) {
  return random.Chance(80) ? OneOf({"true", "false"}) : OneOf({"True", "False", "None"});
}

}  // namespace

std::string MadeUpWord(Random& random) {
  static const Texts kParts = {"ta",  "ri",  "cor", "ven", "sto", "lib", "que", "na", "dex", "mon",
                               "pal", "ser", "tic", "ob",  "ran", "fil", "gra", "ul", "est", "hub"};
  std::string out;
  for (size_t n = 2 + random.Below(2); n > 0; --n) out += random.Of(kParts);
  return out;
}

Variable MakeVariable(char role, Random& random) {
  if (role == 'x') {
    static constexpr std::string_view kAny = "nnnniiihhfftswwwbybdq";
    role = kAny[random.Below(kAny.size())];
  }
  switch (role) {
    case 'n':
      return MakeNumber(random);
    case 'i':
      return MakeId(random);
    case 'u':
      return MakeUser(random);
    case 'h':
      return MakeHost(random);
    case 'f':
      return MakePath(random);
    case 't':
      return MakeDuration(random);
    case 's':
      return MakeSize(random);
    case 'q':
      return MakeQuoted(random);
    case 'l':
      return MakeList(random);
    case 'b':
      return MakeFlag(random);
    case 'p':
      return MakePhrase(random);
    case 'c':
      return MakeCommand(random);
    case 'e':
      return MakeInterface(random);
    case 'm':
      return MakeMac(random);
    case 'y':
      return MakeClass(random);
    case 'd':
      return MakeDate(random);
    default:
      return MakeName(random);
  }
}

std::string MakeOdd(const std::string& value, Random& random) {
  const bool path = value.find('/') != std::string::npos;
  switch (random.Below(6)) {
    case 0:
      if (!path) return value + "." + value;
      return value + (value.find('?') == std::string::npos ? "?id=7&mode=all" : "&more=1");
    case 1:
      return value + ":1";
    case 2:
      return "";
    case 3:
      return random.Of(Texts{"null", "(null)", "-", "N/A", "None", "unknown", "<nil>"});
    case 4:
      return "-1";
    default:
      return value + "," + value;
  }
}

}  // namespace alogd::testing
