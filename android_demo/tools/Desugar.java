import static org.objectweb.asm.Opcodes.*;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.InvokeDynamicInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;

/**
 * Writes lambdas as classes: Android has no LambdaMetafactory, and Debian's dexer, unlike Google's, does not replace it.
 *
 * <p>Arguments: the folder to write to, then folders and jars of classes. Everything under META-INF stays out. Ends
 * with an error at any invokedynamic that is not a lambda, and at a lambda whose body it cannot reach. The core's
 * tests run on what it writes (see ./check), so that the classes in the APK are the classes that were tested.
 */
public final class Desugar {
    private static final String FACTORY = "java/lang/invoke/LambdaMetafactory";

    private final Path out;
    private int lambdas;
    private int classes;

    private Desugar(Path out) {
        this.out = out;
    }

    public static void main(String[] arguments) throws IOException {
        Desugar desugar = new Desugar(Path.of(arguments[0]));
        for (int i = 1; i < arguments.length; i++) {
            desugar.all(Path.of(arguments[i]));
        }
        System.err.printf("  %d classes, %d lambdas written as classes%n", desugar.classes, desugar.lambdas);
    }

    private void all(Path source) throws IOException {
        if (Files.isDirectory(source)) {
            try (Stream<Path> files = Files.walk(source)) {
                for (Path file : (Iterable<Path>) files.filter(each -> each.toString().endsWith(".class"))::iterator) {
                    one(Files.readAllBytes(file), source.relativize(file).toString());
                }
            }
            return;
        }
        try (JarFile jar = new JarFile(source.toFile())) {
            for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
                JarEntry entry = entries.nextElement();
                if (entry.getName().endsWith(".class")) {
                    try (InputStream stream = jar.getInputStream(entry)) {
                        one(stream.readAllBytes(), entry.getName());
                    }
                }
            }
        }
    }

    private void one(byte[] bytes, String name) throws IOException {
        if (name.startsWith("META-INF") || name.endsWith("module-info.class")) {
            return;
        }
        classes++;
        ClassNode node = new ClassNode();
        new ClassReader(bytes).accept(node, 0);
        int before = lambdas;
        Set<String> reached = new HashSet<>();
        for (MethodNode method : node.methods) {
            replace(node, method, reached);
        }
        if (lambdas == before) {
            write(node.name, bytes);
            return;
        }
        open(node, reached);
        ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        node.accept(writer);
        write(node.name, writer.toByteArray());
    }

    private void replace(ClassNode owner, MethodNode method, Set<String> reached) throws IOException {
        for (AbstractInsnNode instruction : method.instructions.toArray()) {
            if (!(instruction instanceof InvokeDynamicInsnNode)) {
                continue;
            }
            InvokeDynamicInsnNode call = (InvokeDynamicInsnNode) instruction;
            if (!call.bsm.getOwner().equals(FACTORY)) {
                throw new IOException(owner.name + "." + method.name + ": invokedynamic by " + call.bsm.getOwner());
            }
            Handle body = (Handle) call.bsmArgs[1];
            if (body.getOwner().equals(owner.name)) {
                reached.add(body.getName() + body.getDesc());
            }
            Lambda lambda = new Lambda(owner.name + "$$Lambda$" + ++lambdas, call, body);
            write(lambda.name, lambda.bytes());
            method.instructions.set(call, new MethodInsnNode(INVOKESTATIC, lambda.name, "create", call.desc, false));
        }
    }

    /** Lets the classes of the lambdas call their bodies, which compilers make private. */
    private static void open(ClassNode owner, Set<String> reached) throws IOException {
        int open = (owner.access & ACC_INTERFACE) != 0 ? ACC_PUBLIC : 0;
        for (MethodNode method : owner.methods) {
            if (!reached.contains(method.name + method.desc) || (method.access & ACC_PRIVATE) == 0) {
                continue;
            }
            if ((method.access & ACC_STATIC) == 0 && !method.name.equals("<init>")) {
                throw new IOException(owner.name + "." + method.name + ": a private lambda body of an instance");
            }
            method.access = method.access & ~ACC_PRIVATE | open;
        }
    }

    private void write(String name, byte[] bytes) throws IOException {
        Path file = out.resolve(name + ".class");
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
    }

    /** One lambda's class: what it captured in fields, its interface's method calling the body. */
    private static final class Lambda {
        final String name;
        private final InvokeDynamicInsnNode call;
        private final Handle body;
        private final Type[] captured;
        private final Type given;

        Lambda(String name, InvokeDynamicInsnNode call, Handle body) {
            this.name = name;
            this.call = call;
            this.body = body;
            captured = Type.getArgumentTypes(call.desc);
            given = (Type) call.bsmArgs[2];
        }

        byte[] bytes() throws IOException {
            ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
            List<String> interfaces = new ArrayList<>();
            List<String> bridges = new ArrayList<>();
            interfaces.add(Type.getReturnType(call.desc).getInternalName());
            alternatives(interfaces, bridges);
            writer.visit(V1_8, ACC_FINAL | ACC_SUPER | ACC_SYNTHETIC, name, null, "java/lang/Object",
                interfaces.toArray(new String[0]));
            for (int i = 0; i < captured.length; i++) {
                writer.visitField(ACC_PRIVATE | ACC_FINAL, "c" + i, captured[i].getDescriptor(), null, null);
            }
            constructor(writer);
            factory(writer);
            bridges.add(0, ((Type) call.bsmArgs[0]).getDescriptor());
            for (String descriptor : new java.util.LinkedHashSet<>(bridges)) {
                method(writer, Type.getMethodType(descriptor));
            }
            writer.visitEnd();
            return writer.toByteArray();
        }

        /** The further arguments of altMetafactory: markers and bridges. */
        private void alternatives(List<String> interfaces, List<String> bridges) {
            if (!call.bsm.getName().equals("altMetafactory")) {
                return;
            }
            int flags = (Integer) call.bsmArgs[3];
            int at = 4;
            if ((flags & 1) != 0) {
                interfaces.add("java/io/Serializable");
            }
            if ((flags & 2) != 0) {
                for (int left = (Integer) call.bsmArgs[at++]; left > 0; left--) {
                    String marker = ((Type) call.bsmArgs[at++]).getInternalName();
                    if (!interfaces.contains(marker)) {
                        interfaces.add(marker);
                    }
                }
            }
            if ((flags & 4) != 0) {
                for (int left = (Integer) call.bsmArgs[at++]; left > 0; left--) {
                    bridges.add(((Type) call.bsmArgs[at++]).getDescriptor());
                }
            }
        }

        private void constructor(ClassWriter writer) {
            MethodVisitor code = writer.visitMethod(0, "<init>", Type.getMethodDescriptor(Type.VOID_TYPE, captured), null, null);
            code.visitCode();
            code.visitVarInsn(ALOAD, 0);
            code.visitMethodInsn(INVOKESPECIAL, "java/lang/Object", "<init>", "()V", false);
            int slot = 1;
            for (int i = 0; i < captured.length; i++) {
                code.visitVarInsn(ALOAD, 0);
                code.visitVarInsn(captured[i].getOpcode(ILOAD), slot);
                code.visitFieldInsn(PUTFIELD, name, "c" + i, captured[i].getDescriptor());
                slot += captured[i].getSize();
            }
            code.visitInsn(RETURN);
            code.visitMaxs(0, 0);
            code.visitEnd();
        }

        private void factory(ClassWriter writer) {
            MethodVisitor code = writer.visitMethod(ACC_STATIC, "create", call.desc, null, null);
            code.visitCode();
            code.visitTypeInsn(NEW, name);
            code.visitInsn(DUP);
            int slot = 0;
            for (Type each : captured) {
                code.visitVarInsn(each.getOpcode(ILOAD), slot);
                slot += each.getSize();
            }
            code.visitMethodInsn(INVOKESPECIAL, name, "<init>", Type.getMethodDescriptor(Type.VOID_TYPE, captured), false);
            code.visitInsn(ARETURN);
            code.visitMaxs(0, 0);
            code.visitEnd();
        }

        private void method(ClassWriter writer, Type erased) throws IOException {
            MethodVisitor code = writer.visitMethod(ACC_PUBLIC, call.name, erased.getDescriptor(), null, null);
            code.visitCode();
            boolean makes = body.getTag() == H_NEWINVOKESPECIAL;
            if (makes) {
                code.visitTypeInsn(NEW, body.getOwner());
                code.visitInsn(DUP);
            }
            Type[] wanted = wanted();
            for (int i = 0; i < captured.length; i++) {
                code.visitVarInsn(ALOAD, 0);
                code.visitFieldInsn(GETFIELD, name, "c" + i, captured[i].getDescriptor());
            }
            int slot = 1;
            Type[] taken = erased.getArgumentTypes();
            for (int i = 0; i < taken.length; i++) {
                code.visitVarInsn(taken[i].getOpcode(ILOAD), slot);
                slot += taken[i].getSize();
                convert(code, taken[i], given.getArgumentTypes()[i], wanted[captured.length + i]);
            }
            code.visitMethodInsn(opcode(), body.getOwner(), body.getName(), body.getDesc(), body.isInterface());
            Type made = makes ? Type.getObjectType(body.getOwner()) : Type.getReturnType(body.getDesc());
            Type returned = erased.getReturnType();
            if (returned.getSort() == Type.VOID) {
                if (made.getSize() > 0) {
                    code.visitInsn(made.getSize() == 2 ? POP2 : POP);
                }
            } else {
                convert(code, made, given.getReturnType(), returned);
            }
            code.visitInsn(returned.getOpcode(IRETURN));
            code.visitMaxs(0, 0);
            code.visitEnd();
        }

        /** What the body takes, its receiver included. */
        private Type[] wanted() {
            Type[] taken = Type.getArgumentTypes(body.getDesc());
            if (body.getTag() == H_INVOKESTATIC || body.getTag() == H_NEWINVOKESPECIAL) {
                return taken;
            }
            Type[] all = new Type[taken.length + 1];
            all[0] = Type.getObjectType(body.getOwner());
            System.arraycopy(taken, 0, all, 1, taken.length);
            return all;
        }

        private int opcode() throws IOException {
            switch (body.getTag()) {
                case H_INVOKESTATIC: return INVOKESTATIC;
                case H_INVOKEVIRTUAL: return INVOKEVIRTUAL;
                case H_INVOKEINTERFACE: return INVOKEINTERFACE;
                case H_NEWINVOKESPECIAL: return INVOKESPECIAL;
                default: throw new IOException(name + ": a lambda body of kind " + body.getTag());
            }
        }
    }

    /** From what lies on the stack to what is wanted there; {@code between} is what the source said it is. */
    static void convert(MethodVisitor code, Type from, Type between, Type to) {
        if (primitive(from) && primitive(to)) {
            widen(code, from, to);
        } else if (primitive(from)) {
            Type box = box(from);
            code.visitMethodInsn(INVOKESTATIC, box.getInternalName(), "valueOf",
                Type.getMethodDescriptor(box, from), false);
        } else if (primitive(to)) {
            Type unboxed = unboxed(between);
            Type exact = unboxed == null ? to : unboxed;
            Type box = box(exact);
            code.visitTypeInsn(CHECKCAST, box.getInternalName());
            code.visitMethodInsn(INVOKEVIRTUAL, box.getInternalName(), exact.getClassName() + "Value",
                Type.getMethodDescriptor(exact), false);
            widen(code, exact, to);
        } else if (!to.equals(from) && !to.getInternalName().equals("java/lang/Object")) {
            code.visitTypeInsn(CHECKCAST, to.getInternalName());
        }
    }

    private static boolean primitive(Type type) {
        return type.getSort() < Type.ARRAY;
    }

    private static void widen(MethodVisitor code, Type from, Type to) {
        String pair = from.getDescriptor() + to.getDescriptor();
        switch (pair) {
            case "IJ": code.visitInsn(I2L); break;
            case "IF": code.visitInsn(I2F); break;
            case "ID": code.visitInsn(I2D); break;
            case "JF": code.visitInsn(L2F); break;
            case "JD": code.visitInsn(L2D); break;
            case "FD": code.visitInsn(F2D); break;
            default: // The same, or both are ints to the machine.
        }
    }

    private static Type box(Type type) {
        switch (type.getSort()) {
            case Type.BOOLEAN: return Type.getType(Boolean.class);
            case Type.CHAR: return Type.getType(Character.class);
            case Type.BYTE: return Type.getType(Byte.class);
            case Type.SHORT: return Type.getType(Short.class);
            case Type.INT: return Type.getType(Integer.class);
            case Type.LONG: return Type.getType(Long.class);
            case Type.FLOAT: return Type.getType(Float.class);
            default: return Type.getType(Double.class);
        }
    }

    private static Type unboxed(Type type) {
        for (Type each : new Type[] {Type.BOOLEAN_TYPE, Type.CHAR_TYPE, Type.BYTE_TYPE, Type.SHORT_TYPE,
            Type.INT_TYPE, Type.LONG_TYPE, Type.FLOAT_TYPE, Type.DOUBLE_TYPE}) {
            if (box(each).equals(type)) {
                return each;
            }
        }
        return null;
    }
}
