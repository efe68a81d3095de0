/*
 * kern_nft.c - one filter table of ours (see kern_int.h). What is in it is the datapath's.
 *
 * The table is made anew at the start, in one transaction with the removal of a stale one, and
 * whenever somebody else has removed something of it: `nft flush ruleset` is how most firewalls
 * begin.
 *
 * libnftables: rules as text, transactions for nothing. Its context lives as long as
 * one transaction, because its caches would count against our memory. Elements of sets go by a
 * socket of our own, whose number tells our doing from others' in what the kernel reports.
 */
#include "common/sys/kern_int.h"

#include <assert.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <malloc.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/sys/kern_set.h"

#define AGAIN_S 0.01 /* a flush is reported piece by piece */
#define NFT(message) ((NFNL_SUBSYS_NFTABLES << 8) | (message))

/* The last line of what libnftables says is the least useful one: take the first. */
static void
complain(struct nft_ctx *ctx, const char *commands)
{
	const char *said = nft_ctx_get_error_buffer(ctx);

	log_err("kern", "packet filter refused", "said=\"%.*s\"",
	    said ? (int)strcspn(said, "\n") : 0, said ? said : "");
	log_debug("kern", "packet filter commands", "%s", commands);
}

enum run { RUN, TRY, RUN_QUIETLY };

static int
run(const char *commands, enum run how)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	int r = 0;

	if (!ctx)
		return -ENOMEM;
	(void)nft_ctx_buffer_output(ctx);
	(void)nft_ctx_buffer_error(ctx);
	nft_ctx_set_dry_run(ctx, how == TRY);
	if (nft_run_cmd_from_buffer(ctx, commands) != 0) {
		if (how == RUN)
			complain(ctx, commands);
		r = -EIO;
	}
	nft_ctx_free(ctx);
	(void)malloc_trim(0); /* its parser leaves some hundred KiB of free memory behind */
	return r;
}

#define COMMANDS_MAX 8192

/* Append text to buf[COMMANDS_MAX] with %t and %g filled in. */
static void
expand(const struct kern *k, const char *text, char *buf)
{
	size_t n = strlen(buf);

	for (; *text && n < COMMANDS_MAX; text++) {
		if (text[0] == '%' && text[1] == 't')
			n += (size_t)snprintf(buf + n, COMMANDS_MAX - n, "%s", k->filter.table);
		else if (text[0] == '%' && text[1] == 'g')
			n += (size_t)snprintf(buf + n, COMMANDS_MAX - n, "%u", k->opts.mark);
		else
			buf[n++] = *text;
		if (text[0] == '%')
			text++;
	}
	assert(n < COMMANDS_MAX);
	buf[n] = '\0';
}

static int
run_table(const struct kern *k, const char *before, enum run how)
{
	char commands[COMMANDS_MAX] = "";

	expand(k, before, commands);
	expand(k, k->ops->filter, commands);
	return run(commands, how);
}

/* Removed first, whether it was there or not. */
static const char anew[] = "add table ip6 %t\n"
			   "delete table ip6 %t\n";

int
kern_nft_try(struct kern *k)
{
	return run_table(k, anew, TRY);
}

/* ---- what others do to it ---- */

/* Each names the table in its first attribute, whatever the attribute is called there. */
static bool
is_removal(const struct kern *k, struct nlmsghdr *h)
{
	const struct nfgenmsg *g = nlmsg_data(h);
	struct nlattr *tb[NFTA_TABLE_NAME + 1];

	switch (h->nlmsg_type) {
	case NFT(NFT_MSG_DELTABLE):
	case NFT(NFT_MSG_DELCHAIN):
	case NFT(NFT_MSG_DELRULE):
	case NFT(NFT_MSG_DELSET):
	case NFT(NFT_MSG_DELSETELEM):
		break;
	default:
		return false;
	}
	return h->nlmsg_pid != k->filter.nl.port &&
	       kern_nl_attrs(h, sizeof(*g), tb, NFTA_TABLE_NAME) &&
	       g->nfgen_family == NFPROTO_IPV6 && tb[NFTA_TABLE_NAME] &&
	       nla_strcmp(tb[NFTA_TABLE_NAME], k->filter.table) == 0;
}

/* Read all news there are: was something of ours removed? If some was lost, it may have been. */
static bool
read_news(struct kern *k)
{
	uint8_t *buf = k->filter.nl.buf;
	bool removed = false;

	for (;;) {
		ssize_t n = recv(k->filter.news, buf, KERN_NL_BUF, MSG_DONTWAIT);
		int left = (int)n;

		if (n < 0 && errno != ENOBUFS)
			return removed;
		if (n < 0)
			removed = true;
		for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf;
		     n > 0 && nlmsg_ok(h, left); h = nlmsg_next(h, &left))
			removed = removed || is_removal(k, h);
	}
}

static void
on_news(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct kern *k = container_of(w, struct kern, filter.io);

	(void)revents;
	if (!read_news(k) || ev_is_active(&k->filter.again))
		return;
	ev_timer_set(&k->filter.again, AGAIN_S, 0.);
	ev_timer_start(loop, &k->filter.again);
}

static int
fill(struct kern *k)
{
	int r = 0;

	for (size_t i = 0; i < k->mh.own_n && r == 0; i++)
		r = kern_nft_own(k, &k->mh.own[i], true);
	if (r == 0)
		r = kern_frame_refill(k);
	return r == 0 && k->ops->refill ? k->ops->refill(k) : r;
}

/* Everything but our own doing has been read before; libnftables' sockets have other numbers. */
static int
make(struct kern *k, const char *before, enum run how)
{
	int r;

	(void)read_news(k);
	r = run_table(k, before, how);
	(void)read_news(k);
	return r;
}

static void
on_again(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct kern *k = container_of(w, struct kern, filter.again);
	int r;

	(void)loop;
	(void)revents;
	kern_count(k, KERN_COUNT_LOST);
	r = make(k, anew, RUN);
	if (r == 0)
		r = fill(k);
	if (r < 0)
		log_err("kern", "cannot make the filter table anew", "error=\"%s\"", strerror(-r));
	else
		log_warn("kern", "somebody touched the filter table, made anew", "table=%s",
		    k->filter.table);
}

static int
open_news(struct kern *k)
{
	const struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	const int group = NFNLGRP_NFTABLES;
	struct kern_filter *f = &k->filter;

	f->news = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	if (f->news < 0 || bind(f->news, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    setsockopt(f->news, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	ev_io_set(&f->io, f->news, EV_READ);
	ev_io_start(k->loop, &f->io);
	return 0;
}

/* ---- the table ---- */

/* What a run before us left is kept as far as it fits, if the datapath says so. */
int
kern_nft_open(struct kern *k)
{
	int r = kern_nl_open(&k->filter.nl, NETLINK_NETFILTER);

	if (r == 0)
		r = open_news(k);
	if (r < 0)
		return r;
	r = k->ops->stays ? make(k, "", RUN_QUIETLY) : -EIO;
	if (r < 0)
		r = make(k, anew, RUN);
	k->filter.has_table = r == 0;
	return r;
}

static void
close_news(struct kern *k)
{
	struct kern_filter *f = &k->filter;

	ev_timer_stop(k->loop, &f->again);
	if (f->news >= 0) {
		ev_io_stop(k->loop, &f->io);
		close(f->news);
	}
	f->news = -1;
	kern_nl_close(&f->nl);
}

void
kern_nft_close(struct kern *k)
{
	char commands[128];

	close_news(k);
	if (!k->filter.has_table)
		return;
	snprintf(commands, sizeof(commands), "delete table ip6 %s\n", k->filter.table);
	(void)run(commands, RUN); /* said so if it failed; nobody is left to act on it */
}

/* In place of a constructor: kern_close runs on a half-opened object, too. */
void
kern_nft_init(struct kern *k)
{
	snprintf(k->filter.table, sizeof(k->filter.table), "homeport-%s", k->name);
	k->filter.nl.fd = k->filter.news = -1;
	ev_init(&k->filter.io, on_news);
	ev_init(&k->filter.again, on_again);
}

/* ---- elements ---- */

static int
change(struct kern *k, const char *set, const void *key, size_t n, bool on)
{
	struct kern_element e = { .n = n };
	struct kern_batch b;

	memcpy(e.key, key, n);
	kern_batch_begin(&b, k->filter.table);
	kern_batch_element(&b, set, &e, on);
	return kern_batch_send(&b, &k->filter.nl);
}

int
kern_nft_own(struct kern *k, const struct in6_addr *addr, bool on)
{
	return change(k, "own", addr, sizeof(*addr), on);
}

int
kern_nft_link(struct kern *k, const char *set, const char *dev, bool on)
{
	char key[KOBJ_DEV_MAX] = "";

	strncpy(key, dev, sizeof(key) - 1);
	return change(k, set, key, sizeof(key), on);
}
