/*
 * ha_tell.h - what the core says happened, for people (the log) and for programs
 * (monitor).
 *
 * Bindings that come, move and go are one line each at info. What a stranger can
 * cause is limited to ten lines a second; the counters have all of it.
 *
 * Layer: shell.
 */
#pragma once

#include <jansson.h>

#include "common/sys/ctl.h"
#include "had/ha.h"

/* ctl may be NULL: nobody can listen yet. */
void ha_tell(struct ctl *ctl, const struct ha_event *e);

json_t *ha_json_addr(const struct in6_addr *a);
json_t *ha_json_prefixes(const struct ip6_prefix *v, size_t n);
