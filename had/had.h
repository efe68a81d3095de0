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
#include "had/ha_disc.h"

struct had {
	const char *file; /* the configuration's name */
	struct ha_conf *conf;
	struct ev_loop *loop;
	struct kern *kern;
	struct want *want;
	struct ha *ha;
	struct ctl *ctl;
	ev_timer timer; /* what ha_ops.arm asked for */
	struct ha_disc *disc;
	ev_timer disc_timer;
	ev_signal term, intr, hup;
	mono_t started;
	uint8_t links_there, links_told; /* bits: home links there, and spoken of in the log */
	char forwarding_was[KERN_SETTING_VALUE_MAX]; /* empty: not changed by us */
};

/*
 * Read the configuration again and take it over. 0; or -EINVAL, the old one is
 * still in force, and messages are on stderr; why says in one line what is wrong.
 */
int had_reload(struct had *d, char *why, size_t why_len);

/* ---- had_disc.c: home agents and prefixes are discovered (ha_disc.h) ---- */

int had_disc_open(struct had *d); /* 0 or -ENOMEM */
void had_disc_listen(struct had *d);
void had_disc_configure(struct had *d, const struct ha_policy *next);
void had_disc_close(struct had *d); /* says goodbye on the links */
void had_disc_station(
    struct had *d, const char *dev, const struct nd_mac *mac, const struct in6_addr *linklocal);
void had_disc_frame(struct had *d, const char *dev, const uint8_t *p, size_t n);
void had_disc_receive(struct had *d, const struct ip6_mh_packet *p);
void had_disc_event(struct had *d, const struct ha_event *e);

/* ---- had_link.c ---- */

/* Something about this link may have changed; NULL: about all. */
void had_links_look(struct had *d, const char *dev);
/* Another configuration is in force; `last` was before. */
void had_links_changed(struct had *d, const struct ha_policy *last);
/* What came in on one, to whom it is for. */
void had_links_frame(struct had *d, const char *dev, const uint8_t *p, size_t n);
