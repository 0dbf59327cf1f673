// SPDX-License-Identifier: MIT
// Who is at the other end of a control connection, and whether they may ask.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/result.h"

namespace alogd {

struct Peer {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary
};

// As the kernel knew them when the connection was made.
Result<Peer> PeerOf(int connection_fd);

// Root, the daemon's own user, and members of the socket file's group where its mode lets the group
// write. The kernel has checked the mode at connect; this holds even where somebody loosened it
// since.
bool MayControl(const Peer& peer, uid_t own_uid, gid_t socket_gid, mode_t socket_mode);

}  // namespace alogd
