// SPDX-License-Identifier: MIT
// Follows the symbolic links of a path that somebody with a right to do so has made.
#pragma once

#include <sys/types.h>

#include <string>

#include "core/result.h"

namespace alogd {

// Where `path` leads, without a link in it; what does not stand there is taken as written.
//
// Who may write a log directory must not be able to have another file read by a link in it: alogd
// reads as a user who may read more. A link is followed anywhere if root or `service` made it, in a
// directory that belongs to one of them and is not open to everybody's writes (or is sticky). Any
// other link has to lead to something in or below the directory that it stands in, or fails with
// EXDEV.
//
// A link may be replaced as soon as this returns: open the result without following links.
Result<std::string> ResolveLinks(const std::string& path, uid_t service);

}  // namespace alogd
