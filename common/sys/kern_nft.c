/*
 * kern_nft.c - one filter table of ours (see kern_int.h). What is in it is the datapath's.
 *
 * The table is made anew at the start, in one transaction with the removal of a stale one.
 *
 * libnftables: rules as text, transactions for nothing. Its context lives as long as
 * one transaction, because its caches would count against our memory.
 */
#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/sys/kern_int.h"

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
			n += (size_t)snprintf(buf + n, COMMANDS_MAX - n, "homeport-%s", k->name);
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

/* What a run before us left is kept as far as it fits, if the datapath says so. */
int
kern_nft_open(struct kern *k)
{
	int r = k->ops->stays ? run_table(k, "", RUN_QUIETLY) : -EIO;

	if (r < 0)
		r = run_table(k, anew, RUN);
	k->has_table = r == 0;
	return r;
}

void
kern_nft_close(struct kern *k)
{
	char commands[128];

	if (!k->has_table)
		return;
	snprintf(commands, sizeof(commands), "delete table ip6 homeport-%s\n", k->name);
	(void)run(commands, RUN); /* said so if it failed; nobody is left to act on it */
}

static int
element(struct kern *k, const char *set, const char *what, bool on)
{
	char commands[256];

	snprintf(commands, sizeof(commands), "%s element ip6 homeport-%s %s { %s }\n",
	    on ? "add" : "delete", k->name, set, what);
	return run(commands, RUN);
}

int
kern_nft_own(struct kern *k, const struct in6_addr *addr, bool on)
{
	char text[TEXT_ADDR_MAX];

	return element(k, "own", text_addr(addr, text), on);
}

int
kern_nft_link(struct kern *k, const char *set, const char *dev, bool on)
{
	char text[KOBJ_DEV_MAX + 2];

	/* Quoted: a link may be called anything; what the quotes cannot hold is refused. */
	if (strpbrk(dev, "\"\\\n"))
		return -EINVAL;
	snprintf(text, sizeof(text), "\"%s\"", dev);
	return element(k, set, text, on);
}
