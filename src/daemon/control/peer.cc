// SPDX-License-Identifier: MIT
// Peer credentials of Unix sockets.
#include "daemon/control/peer.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace alogd {

Result<Peer> PeerOf(int connection_fd) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (getsockopt(connection_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
    return ErrnoError("ask for the peer of", "a control connection", errno);
  }
  Peer peer{credentials.uid, credentials.gid, {}};
  // The kernel's limit is 65,536 groups; a first guess that is too small is told the size it needs.
  peer.groups.resize(64);
  for (;;) {
    length = static_cast<socklen_t>(peer.groups.size() * sizeof(gid_t));
    if (getsockopt(connection_fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &length) == 0)
      break;
    if (errno != ERANGE) return ErrnoError("ask for the groups of", "a control connection", errno);
    peer.groups.resize(length / sizeof(gid_t));
  }
  peer.groups.resize(length / sizeof(gid_t));
  return peer;
}

bool MayControl(const Peer& peer, uid_t own_uid, gid_t socket_gid, mode_t socket_mode) {
  if (peer.uid == 0 || peer.uid == own_uid) return true;
  if ((socket_mode & S_IWGRP) == 0) return false;
  return peer.gid == socket_gid ||
         std::find(peer.groups.begin(), peer.groups.end(), socket_gid) != peer.groups.end();
}

}  // namespace alogd
