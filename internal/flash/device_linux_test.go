package flash

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// fakeSystem writes the parts of sysfs and procfs that describe reads.
func fakeSystem(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestDescribe(t *testing.T) {
	root := fakeSystem(t, map[string]string{
		"proc/self/mountinfo": "22 1 8:2 / / rw - ext4 /dev/sda2 rw\n40 22 8:17 / /media/stick rw - vfat /dev/sdb1 rw\n",
		"proc/swaps":          "Filename Type Size Used Priority\n/dev/sda3 partition 1 0 -2\n",

		"sys/class/block/sda/size": "1000000\n", "sys/class/block/sda/dev": "8:0\n", "sys/class/block/sda/removable": "0\n",
		"sys/class/block/sda/device/model":   "SYSTEM DISK     \n",
		"sys/class/block/sda/sda2/partition": "2\n", "sys/class/block/sda/sda2/dev": "8:2\n",
		"sys/class/block/sda/sda3/partition": "3\n", "sys/class/block/sda/sda3/dev": "8:3\n",

		"sys/class/block/sdb/size": "2048\n", "sys/class/block/sdb/dev": "8:16\n", "sys/class/block/sdb/removable": "1\n",
		"sys/class/block/sdb/device/vendor": "ACME    \n", "sys/class/block/sdb/device/model": "Stick\n",
		"sys/class/block/sdb/sdb1/partition": "1\n", "sys/class/block/sdb/sdb1/dev": "8:17\n",

		"sys/class/block/sdb1/partition": "1\n", "sys/class/block/sdb1/size": "2000\n", "sys/class/block/sdb1/dev": "8:17\n",

		"sys/class/block/sdc/size": "2048\n", "sys/class/block/sdc/dev": "8:32\n", "sys/class/block/sdc/removable": "1\n",
		"sys/class/block/sdc/ro": "1\n", "sys/class/block/sdc/holders/dm-0/x": "",
	})
	for name, want := range map[string]Device{
		"sda":  {Model: "SYSTEM DISK", Bytes: 512000000, Whole: true, Mounted: []string{"/", "swap on /dev/sda3"}},
		"sdb":  {Model: "ACME Stick", Bytes: 1 << 20, Whole: true, Removable: true, Mounted: []string{"/media/stick"}},
		"sdb1": {Model: "unnamed", Bytes: 1024000, Mounted: []string{"/media/stick"}},
		"sdc":  {Model: "unnamed", Bytes: 1 << 20, Whole: true, Removable: true, ReadOnly: true, Mounted: []string{"dm-0"}},
	} {
		got, err := describe(root, name, "/dev/"+name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Model != want.Model || got.Bytes != want.Bytes || got.Whole != want.Whole || got.Removable != want.Removable ||
			got.ReadOnly != want.ReadOnly || !slices.Equal(got.Mounted, want.Mounted) {
			t.Errorf("%s: %+v, want %+v", name, *got, want)
		}
	}
	if _, err := describe(root, "sdx", "/dev/sdx"); !errors.Is(err, ErrDevice) {
		t.Errorf("an unknown device: %v, want ErrDevice", err)
	}
}

func TestFindRefusesOtherFiles(t *testing.T) {
	for _, path := range []string{"/dev/null", t.TempDir()} {
		if _, err := Find(path); !errors.Is(err, ErrDevice) {
			t.Errorf("Find(%s) = %v, want ErrDevice", path, err)
		}
	}
	if _, err := Find(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Find of nothing = %v", err)
	}
}
