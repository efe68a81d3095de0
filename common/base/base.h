/*
 * base.h - the two macros C lacks.
 *
 * Layer: base.
 */
#pragma once

#include <stddef.h>

#define countof(a) (sizeof(a) / sizeof((a)[0]))

/* The object that has *ptr as its member: how a watcher finds what it serves. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
