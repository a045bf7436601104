package kern

import "unsafe"

// Go's network poller needs one epoll instance with one eventfd, to be woken.
const (
	fdEpoll = 100
	fdEvent = 101
)

var event struct {
	set  uint32
	data uint64 // epoll_event.data as registered
}

func poll(nr, a1, a2, a3, a4 uintptr) uintptr {
	switch nr {
	case sysEpollCreate1:
		return fdEpoll
	case sysEventfd2:
		return fdEvent
	case sysEpollCtl:
		const add = 1
		if a2 == add && a3 == fdEvent {
			event.data = *(*uint64)(unsafe.Pointer(a4 + epollData))
			return 0
		}
		const notPollable = ^uintptr(1) + 1 // EPERM, as for regular files
		return notPollable
	}
	return epollWait(a2, int32(a4))
}

// epollWait is epoll_pwait(2) with the eventfd as the only member; timeout in ms.
func epollWait(events uintptr, timeout int32) uintptr {
	touch(events) // a page fault should not happen under the lock
	addr := uintptr(unsafe.Pointer(&event))
	b := bucketOf(addr)
	b.lock()
	if event.set == 0 && timeout != 0 {
		ns := int64(-1)
		if timeout > 0 {
			ns = int64(timeout) * 1000000
		}
		b.sleep(addr, ns)
	}
	n := uintptr(0)
	if event.set != 0 {
		*(*uint32)(unsafe.Pointer(events)) = 1 // EPOLLIN
		*(*uint64)(unsafe.Pointer(events + epollData)) = event.data
		n = 1
	}
	b.unlock()
	return n
}

func readEvent(p uintptr) uintptr {
	*(*uint64)(unsafe.Pointer(p)) = 1
	b := bucketOf(uintptr(unsafe.Pointer(&event)))
	b.lock()
	event.set = 0
	b.unlock()
	return 8
}

func writeEvent() uintptr {
	addr := uintptr(unsafe.Pointer(&event))
	b := bucketOf(addr)
	b.lock()
	event.set = 1
	b.wake(addr, 1)
	b.unlock()
	return 8
}
