// What a module does when it is loaded is then none of a test's doing, also where a test is the first to ask for it.
import.meta.glob("../../provider/{*,dynamic/*,ion/*,logic/*,cli/*}.ts", { eager: true });
