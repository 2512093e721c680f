/*
 * The floor: the least that a process between two vhost-user peers can cost. One thread, epoll, one recvmsg and one sendmsg for each
 * read, descriptors handed on and closed. No rules, no journal, no measurement; a peer that does not read is not waited for.
 *
 * c-relay FRONTEND BACKEND [FRONTEND BACKEND]...: listens on each FRONTEND, and connects to BACKEND when somebody comes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket that is watched: one that listens (backend set), or one end of a connected pair (peer set). */
struct watched {
  int fd;
  const char *backend;
  struct watched *peer;
};

static int poller;
static char bytes[8192], control[1024];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int open_socket(const char *path, int (*use)(int, const struct sockaddr *, socklen_t)) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (use(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

static struct watched *watch(int fd, const char *backend) {
  struct watched *one = calloc(1, sizeof *one);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
  *one = (struct watched){.fd = fd, .backend = backend};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
  return one;
}

static void take_frontend(struct watched *listening) {
  int frontend = accept4(listening->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (frontend < 0) return;
  int backend = open_socket(listening->backend, connect);
  if (backend < 0) {
    close(frontend);
    return;
  }
  struct watched *a = watch(frontend, NULL), *b = watch(backend, NULL);
  a->peer = b;
  b->peer = a;
}

/* Their memory stays: the event after this one may name the other end. */
static void end(struct watched *one) {
  close(one->fd);
  close(one->peer->fd);
  one->fd = one->peer->fd = -1;
}

static void close_descriptors(struct msghdr *message) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part))
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
      for (size_t at = 0; CMSG_LEN((at + 1) * sizeof(int)) <= part->cmsg_len; at++)
        close(((int *)CMSG_DATA(part))[at]);
}

/* Where the last message begins: one read may bring several, and descriptors end a read, so they are those of the last one. */
static ssize_t last_message(ssize_t length) {
  ssize_t at = 0;
  for (uint32_t size; at + 12 <= length; at += 12 + size) {
    memcpy(&size, bytes + at + 8, 4);
    if (at + 12 + size >= length) break;
  }
  return at;
}

static void pass_on(struct watched *from) {
  struct iovec part = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got = recvmsg(from->fd, &message, MSG_CMSG_CLOEXEC);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    end(from);
    return;
  }
  ssize_t before = message.msg_controllen > 0 ? last_message(got) : 0;
  if (before > 0 && send(from->peer->fd, bytes, before, MSG_NOSIGNAL) != before) fail("send");
  part = (struct iovec){bytes + before, got - before};
  message.msg_flags = 0;
  ssize_t sent = sendmsg(from->peer->fd, &message, MSG_NOSIGNAL);
  close_descriptors(&message);
  if (sent != got - before) end(from);
}

int main(int count, char **paths) {
  poller = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 1; i + 1 < count; i += 2) {
    int fd = open_socket(paths[i], bind);
    if (fd < 0 || listen(fd, 64) < 0) fail(paths[i]);
    watch(fd, paths[i + 1]);
  }
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    struct epoll_event events[64];
    int ready = epoll_wait(poller, events, 64, -1);
    for (int i = 0; i < ready; i++) {
      struct watched *one = events[i].data.ptr;
      if (one->backend) take_frontend(one);
      else if (one->fd >= 0) pass_on(one);
    }
  }
}
