// SPDX-License-Identifier: MIT
// Whether two configurations hold the same values, field by field.
#pragma once

#include "core/config/config.h"

namespace alogd {

// Structured bindings, so that a field that is added and not compared does not compile.
inline bool Same(const RuleConfig& x, const RuleConfig& y) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k] = x;
  const auto& [l, m, n, o, p, q, r, s, t, u, v] = y;
  return a == l && b == m && c == n && d == o && e == p && f == q && g == r && h == s && i == t &&
         j == u && k == v;
}
inline bool Same(const RiskOptions& x, const RiskOptions& y) {
  const auto& [a, b, c, d, e, f] = x;
  const auto& [g, h, i, j, k, l] = y;
  return a == g && b == h && c == i && d == j && e == k && f == l;
}
inline bool Same(const StreamOptions& x, const StreamOptions& y) {
  const auto& [a, b, c, d, e] = x;
  const auto& [f, g, h, i, j] = y;
  return a == f && b == g && c == h && d == i && e == j;
}
inline bool Same(const NoveltyOptions& x, const NoveltyOptions& y) {
  const auto& [a, b, c, d] = x;
  const auto& [e, f, g, h] = y;
  return a == e && b == f && c == g && d == h;
}
inline bool Same(const BaselineOptions& x, const BaselineOptions& y) {
  const auto& [a, b, c, d, e] = x;
  const auto& [f, g, h, i, j] = y;
  return a == f && b == g && c == h && d == i && e == j;
}
inline bool Same(const LogAnomalyOptions& x, const LogAnomalyOptions& y) {
  const auto& [a, b, c, d, e, f, g] = x;
  const auto& [h, i, j, k, l, m, n] = y;
  return a == h && b == i && c == j && d == k && e == l && f == m && g == n;
}
inline bool Same(const DeepLogOptions& x, const DeepLogOptions& y) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k] = x;
  const auto& [l, m, n, o, p, q, r, s, t, u, v] = y;
  return a == l && b == m && c == n && d == o && e == p && f == q && g == r && h == s && i == t &&
         j == u && k == v;
}
inline bool Same(const LogAnomalyLstmOptions& x, const LogAnomalyLstmOptions& y) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k] = x;
  const auto& [l, m, n, o, p, q, r, s, t, u, v] = y;
  return a == l && b == m && c == n && d == o && e == p && f == q && g == r && h == s && i == t &&
         j == u && k == v;
}
inline bool Same(const ValuesOptions& x, const ValuesOptions& y) {
  const auto& [a, b, c, d] = x;
  const auto& [e, f, g, h] = y;
  return a == e && b == f && c == g && d == h;
}
inline bool Same(const CountsOptions& x, const CountsOptions& y) {
  const auto& [a, b, c] = x;
  const auto& [d, e, f] = y;
  return a == d && b == e && c == f;
}
inline bool Same(const LengthOptions& x, const LengthOptions& y) { return x.enabled == y.enabled; }
inline bool Same(const RateOptions& x, const RateOptions& y) {
  const auto& [a, b, c, d] = x;
  const auto& [e, f, g, h] = y;
  return a == e && b == f && c == g && d == h;
}
inline bool Same(const SilenceOptions& x, const SilenceOptions& y) {
  const auto& [a, b, c, d] = x;
  const auto& [e, f, g, h] = y;
  return a == e && b == f && c == g && d == h;
}
inline bool Same(const FollowersOptions& x, const FollowersOptions& y) {
  const auto& [a, b, c] = x;
  const auto& [d, e, f] = y;
  return a == d && b == e && c == f;
}
inline bool Same(const CombinationsOptions& x, const CombinationsOptions& y) {
  const auto& [a, b] = x;
  const auto& [c, d] = y;
  return a == c && b == d;
}
inline bool Same(const MaskOptions& x, const MaskOptions& y) {
  const auto& [a, b, c, d, e, f, g, h, i] = x;
  const auto& [j, k, l, m, n, o, p, q, r] = y;
  return a == j && b == k && c == l && d == m && e == n && f == o && g == p && h == q && i == r;
}
inline bool Same(const DrainOptions& x, const DrainOptions& y) {
  const auto& [a, b, c, d, e, f, g, h] = x;
  const auto& [i, j, k, l, m, n, o, p] = y;
  return Same(a, i) && b == j && c == k && d == l && e == m && f == n && g == o && h == p;
}
inline bool Same(const SeverityOptions::Words& x, const SeverityOptions::Words& y) {
  const auto& [a, b] = x;
  const auto& [c, d] = y;
  return a == c && b == d;
}

template <typename T>
bool Same(const std::vector<T>& x, const std::vector<T>& y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](const T& a, const T& b) { return Same(a, b); });
}

inline bool Same(const SeverityOptions& x, const SeverityOptions& y) {
  const auto& [a, b, c, d, e, f, g] = x;
  const auto& [h, i, j, k, l, m, n] = y;
  return std::equal(std::begin(a), std::end(a), std::begin(h)) && Same(b, i) && c == j &&
         Same(d, k) && e == l && f == m && g == n;
}
inline bool Same(const GroupConfig& x, const GroupConfig& y) {
  const auto& [a, b, v, w, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, x5, x6, r, s, t, x1, x2, x3,
               x4, z, u] = x;
  const auto& [a2, b2, v2, w2, c2, d2, e2, f2, g2, h2, i2, j2, k2, l2, m2, n2, o2, p2, q2, y5, y6,
               r2, s2, t2, y1, y2, y3, y4, z2, u2] = y;
  return v == v2 && w == w2 && a == a2 && b == b2 && c == c2 && d == d2 && e == e2 && f == f2 &&
         g == g2 && h == h2 && Same(i, i2) && j == j2 && k == k2 && l == l2 && m == m2 &&
         Same(n, n2) && Same(o, o2) && Same(p, p2) && Same(q, q2) && Same(r, r2) && Same(s, s2) &&
         Same(t, t2) && Same(x1, y1) && Same(x2, y2) && Same(x3, y3) && Same(x4, y4) &&
         Same(x5, y5) && Same(x6, y6) && z == z2 && u == u2;
}
inline bool Same(const TrainingOptions& x, const TrainingOptions& y) {
  const auto& [a, b, c, d, e, f] = x;
  const auto& [g, h, i, j, k, l] = y;
  return a == g && b == h && c == i && d == j && e == k && f == l;
}
inline bool Same(const Config& x, const Config& y) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = x;
  const auto& [a2, b2, c2, d2, e2, f2, g2, h2, i2, j2, k2, l2, m2, n2, o2, p2, q2] = y;
  return a == a2 && b == b2 && c == c2 && d == d2 && e == e2 && f == f2 && g == g2 && Same(h, h2) &&
         i == i2 && j == j2 && k == k2 && l == l2 && m == m2 && Same(n, n2) && Same(o, o2) &&
         Same(p, p2) && Same(q, q2);
}

}  // namespace alogd
