/*
 * had_link.c - home links: listened to as long as they are there, and the core told where.
 *
 * A link is there when it has a MAC and a link-local address to speak from. Without
 * one, home addresses on it are registered as on a virtual home link: nobody is there
 * who could have them.
 *
 * Layer: shell.
 */
#include <errno.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "had/ha_home.h"
#include "had/had.h"

#define FRAMES                                                               \
	(KERN_FRAMES_RS | KERN_FRAMES_RA | KERN_FRAMES_NS | KERN_FRAMES_NA | \
	    KERN_FRAMES_NO_REDIRECT | KERN_FRAMES_NO_LINK_LOCAL)

/* 0, or -errno and what there is of it. */
static int
find_station(struct had *d, const char *dev, struct ha_station *ret_at)
{
	int r = kern_frame_listen(d->kern, dev, FRAMES);

	if (r == 0)
		r = kern_frame_mac(d->kern, dev, &ret_at->mac);
	if (r == 0)
		r = kern_linklocal(d->kern, dev, &ret_at->source);
	if (r == 0)
		ret_at->index = if_nametoindex(dev);
	return r;
}

static void
is_gone(struct had *d, const char *dev)
{
	(void)ha_station(d->ha, dev, &(struct ha_station){ 0 });
	had_disc_station(d, dev, NULL, NULL);
}

static void
look_at(struct had *d, uint8_t i)
{
	const char *dev = d->conf->policy.link[i].dev;
	struct ha_station at = { 0 };
	uint8_t bit = (uint8_t)(1u << i);
	char mac[TEXT_MAC_MAX];
	int r = find_station(d, dev, &at);

	if (r == 0)
		r = ha_station(d->ha, dev, &at);
	if (r == 0)
		had_disc_station(d, dev, &at.mac, &at.source);
	else
		is_gone(d, dev);
	if (r == 0 && !(d->links_there & bit))
		log_info("had", "home link is there", "dev=%s mac=%s", dev, text_mac(&at.mac, mac));
	if (r < 0 && (d->links_there & bit || !(d->links_told & bit)))
		log_warn("had", "home link is not there", "dev=%s reason=\"%s\"", dev,
		    r == -ENOENT ? "no link-local address" : strerror(-r));
	d->links_told |= bit;
	d->links_there = (uint8_t)(r == 0 ? d->links_there | bit : d->links_there & ~bit);
}

void
had_links_look(struct had *d, const char *dev)
{
	for (uint8_t i = 0; i < d->conf->policy.links; i++) {
		if (!dev || strcmp(d->conf->policy.link[i].dev, dev) == 0)
			look_at(d, i);
	}
}

void
had_links_changed(struct had *d, const struct ha_policy *last)
{
	const struct ha_policy *now = &d->conf->policy;

	for (uint8_t i = 0; i < last->links; i++) {
		uint8_t k = 0;

		while (k < now->links && strcmp(now->link[k].dev, last->link[i].dev) != 0)
			k++;
		if (k < now->links)
			continue;
		(void)kern_frame_listen(d->kern, last->link[i].dev, KERN_FRAMES_NONE);
		is_gone(d, last->link[i].dev);
	}
	d->links_there = d->links_told = 0;
	had_links_look(d, NULL);
}

void
had_links_frame(struct had *d, const char *dev, const uint8_t *p, size_t n)
{
	uint8_t type = nd_type(p, n);

	if (type == ND_TYPE_RS || type == ND_TYPE_RA)
		had_disc_frame(d, dev, p, n);
	else
		ha_frame(d->ha, daemon_now(), dev, p, n);
}
