// SPDX-License-Identifier: MIT
// The parts of a message that stand at the <*> of a template's text.
#include <string_view>
#include <vector>

#include "core/templates/drain.h"

namespace alogd {
namespace {

// Cuts the constant that `text` begins with off it, and the <*> behind it. False where no <*>
// follows.
bool TakeConstant(std::string_view* text, std::string_view* constant) {
  const size_t at = text->find(kWildcard);
  *constant = text->substr(0, at);
  if (at == std::string_view::npos) return *text = {}, false;
  text->remove_prefix(at + kWildcard.size());
  return true;
}

// `message` ends with `constant` but for the blank at that's end: the value behind it is empty.
bool EndsOpen(std::string_view message, std::string_view constant) {
  return constant.size() > 1 && constant.back() == ' ' && constant[constant.size() - 2] != ' ' &&
         message.ends_with(constant.substr(0, constant.size() - 1));
}

}  // namespace

// Each constant is taken where it first occurs, the last one at the end: if the message fits in any
// way, it fits in this one, and no way back has to be tried.
bool Drain::Parameters(std::string_view message, std::string_view template_text,
                       std::vector<std::string_view>* parameters) {
  parameters->clear();
  message = TrimEnd(message);
  std::string_view constant;
  bool variable = TakeConstant(&template_text, &constant);
  if (variable && template_text.empty() && EndsOpen(message, constant) &&
      message.size() + 1 == constant.size())
    return parameters->push_back(message.substr(message.size())), true;
  if (!message.starts_with(constant)) return false;
  message.remove_prefix(constant.size());
  if (!variable) return message.empty();
  while (variable) {
    variable = TakeConstant(&template_text, &constant);
    size_t at = 0;
    if (variable) {
      at = message.find(constant);
    } else {
      if (!message.ends_with(constant)) return parameters->clear(), false;
      at = message.size() - constant.size();
    }
    if (at == std::string_view::npos && template_text.empty() && EndsOpen(message, constant)) {
      at = message.size() + 1 - constant.size();
      parameters->push_back(message.substr(0, at));
      return parameters->push_back(message.substr(message.size())), true;
    }
    if (at == std::string_view::npos) return parameters->clear(), false;
    parameters->push_back(message.substr(0, at));
    message.remove_prefix(at + constant.size());
  }
  return true;
}

}  // namespace alogd
