// SPDX-License-Identifier: MIT
// Keeps the library from being empty until its first source stands here.
