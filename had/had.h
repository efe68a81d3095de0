/*
 * had.h - the home agent daemon as one object: the core, and the world around it.
 *
 * Layer: shell.
 */
#pragma once

#include <ev.h>

#include "common/sys/ctl.h"
#include "common/sys/daemon.h"
#include "common/sys/kern.h"
#include "had/ha.h"
#include "had/ha_conf.h"

struct had {
	const char *file; /* the configuration's name */
	struct ha_conf *conf;
	struct ev_loop *loop;
	struct kern *kern;
	struct want *want;
	struct ha *ha;
	struct ctl *ctl;
	ev_timer timer; /* what ha_ops.arm asked for */
	ev_signal term, intr, hup;
	mono_t started;
	char forwarding_was[KERN_SETTING_VALUE_MAX]; /* empty: not changed by us */
};

/*
 * Read the configuration again and take it over. 0; or -EINVAL, the old one is
 * still in force, and messages are on stderr; why says in one line what is wrong.
 */
int had_reload(struct had *d, char *why, size_t why_len);
